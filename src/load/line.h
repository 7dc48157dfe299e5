// Load::Line: load from one recovery to the next failure. What it holds in memory is what the tables in
// ClickHouse say as of the last cut; so whatever fails, a new Line goes on from there. Load's thread.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "load/books.h"
#include "load/ddl.h"
#include "load/events.h"
#include "load/inserters.h"
#include "load/load.h"
#include "load/round_log.h"
#include "load/stream_position.h"
#include "load/stream_states.h"

namespace freshet::load {

class Load::Line {
 public:
  Line(Load& load, Lead& lead, const std::stop_token& stop);
  ~Line();

  void run();

 private:
  // One stream: its table, and how it stands.
  struct Stream {
    TableLoad table;
    std::optional<Standing> standing;  // it doesn't run
    std::uint64_t nulled = 0;          // as last counted

    Stream(std::size_t index, Mirror mirror, TableContext& context)
        : table(index, std::move(mirror), context) {}
    bool runs() const { return !standing && !table.stopped(); }
    // It lacks records: what comes is passed over, up to a snapshot that makes up for them.
    bool has_gap() const { return standing && standing->state == StreamState::gap; }
    bool reads() const { return (!standing || has_gap()) && !table.stopped() && !held_back; }
    bool held_back = false;   // what comes stays in the journal until quarantine is taken up
    bool filling = false;     // its gap, by the snapshot that has begun
    Version broken_reading;   // the last that was to fill it and can't
    bool passes_on = false;   // and from which on it is to look for another
    bool stop_noted = false;  // why its table has stopped is in `standing`

    void resume() {
      table.resume();
      stop_noted = false;
    }
    bool replays() const { return runs() && table.replay_wanted(); }
    // After what is replayed: of that, too, may go what is older than the reading.
    bool sweeps() const { return runs() && table.sweep().allowed() && !replays(); }
  };
  // Of the round under way.
  struct Reading {
    journal::Watermark to;
    journal::Ends ends;                   // to where its streams are read: below `to` where one is late
    std::map<std::string, Commit> whole;  // streams whose portion ended below `to`, and their commits there
    std::map<journal::Partition, StreamPosition> positions;
    RoundCounts counts;
    std::size_t bytes_since_look = 0;
  };

  Stream& make_stream(Mirror mirror);
  void prepare_tables();
  bool prepare(Tables& there, Stream& stream);
  void recover();
  TableStatus recover(Stream& stream, const std::map<std::string, Standing>& standing, const Books& books);

  // The bytes it read.
  std::uint64_t round(const Intent& intent, bool repeated);
  bool brings_records(const journal::Watermark& to) const;
  void read(Reading& reading);
  void read(Reading& reading, const journal::Ends& single,
            const std::map<std::string, journal::Ends>& several);
  bool passes(Reading& reading, const Change& change, const journal::Partition& partition);
  void take(Reading& reading, Stream& stream, const Change& change);
  void keep_within_memory(Reading& reading);
  void carry_out();
  bool decided() const;
  void finish_tables();
  void note_stopped(std::uint64_t round);
  Cut next_cut(const Intent& intent, const Reading& reading) const;
  void release(const Durable<journal::Ends>& ends);
  void publish(std::chrono::milliseconds took);

  // Streams that lack records (line_gaps.cpp).
  bool note_gaps();
  void note_gap(Stream& stream, const std::string& reason);
  void note_new_mirrors(std::size_t first);
  void pass_over_lost();
  bool passes_over(Stream& stream, const Change& change);
  void note_filled();
  void note_broken_reading(Stream& stream);
  void pass_broken_readings();
  void move_on(const Stream& stream, const Reading& reading, StreamCut& cut) const;

  // Streams that have more to read than a round should take (line_catch_up.cpp).
  bool is_late(const Stream& stream) const;
  bool is_reached(const journal::Watermark& to) const;
  bool takes_part(const Stream& stream, const journal::Watermark& to) const;
  bool remains_late(const Stream& stream, const Reading& reading) const;
  bool catches_up(const Stream& stream) const { return stream.reads() && is_late(stream); }
  bool any_catches_up() const;
  void read_portion(Reading& reading, Stream& stream, const journal::Partition& partition,
                    std::uint64_t bytes_max);

  // What is in quarantine (line_quarantine.cpp).
  void replay();
  bool replay_wanted() const;
  void hold_back();
  void answer(ReplayRequest& request);
  void answer_replays();
  void answer(DropRequest& request);

  void answer_requests();
  void answer(AddRequest& request);
  void take_in(std::vector<Mirror> mirrors);
  void answer(ResumeRequest& request);
  void answer(TryAgainRequest& request);
  void answer(PauseRequest& request);
  void answer(SweepRequest& request);
  void answer(RepairRequest& request);
  void answer(FreezeRequest& request);
  void answer(ReadAnewRequest& request);
  void go_on(Stream& stream);
  Stream& known(const std::string& stream);
  Stream& running(const std::string& stream);
  void check_freezable(const std::string& mirror) const;
  void look_behind();
  void report_unresolved();
  Stream* find(const std::string& stream);

  Load& load_;
  Lead& lead_;
  std::stop_token stop_;
  SessionContext sessions_;
  Session session_;
  Inserters inserters_;
  RoundLog log_;
  StreamStates states_;
  TableContext context_;
  Pace pace_;
  std::vector<std::unique_ptr<Stream>> streams_;
  std::map<std::string, Stream*, std::less<>> by_name_;
  Stream* recent_ = nullptr;  // the last record's
  std::optional<Cut> cut_;
  journal::Ends positions_;             // that it says
  std::vector<ReplayRequest> replays_;  // answered when they are done
  SteadyTime mark_at_{};                // when its watermark was reached
  SteadyTime looked_at_{};
  SteadyTime reported_at_{};
};

}  // namespace freshet::load
