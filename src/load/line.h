// Load::Line: load from one recovery to the next failure. What it holds in memory is what the tables in
// ClickHouse say as of the last cut; so whatever fails, a new Line goes on from there. Load's thread.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

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
  };
  // Of the round under way.
  struct Reading {
    journal::Watermark to;
    std::map<journal::Partition, StreamPosition> positions;
    RoundCounts counts;
    std::size_t bytes_since_look = 0;
  };

  void prepare_tables();
  bool prepare(Tables& there, Stream& stream);
  void recover();

  // The bytes it read.
  std::uint64_t round(const Intent& intent, bool repeated);
  bool brings_records(const journal::Watermark& to) const;
  void read(Reading& reading);
  void read(Reading& reading, const journal::Ends& single,
            const std::map<std::string, journal::Ends>& several);
  bool passes(Reading& reading, const Change& change, const journal::Partition& partition);
  void take(Reading& reading, Stream& stream, const Change& change);
  void keep_within_memory(Reading& reading);
  void finish_tables();
  void note_stopped(std::uint64_t round);
  Cut next_cut(const Intent& intent) const;
  void release(const Durable<journal::Ends>& ends);
  void publish(std::chrono::milliseconds took);

  void answer_requests();
  void answer(ResumeRequest& request);
  void answer(FreezeRequest& request);
  bool note_gaps();
  void note_gap(Stream& stream, const std::string& reason);
  void note_new_mirrors();
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
  journal::Ends positions_;  // that it says
  SteadyTime cut_at_{};
  SteadyTime looked_at_{};
  SteadyTime reported_at_{};
};

}  // namespace freshet::load
