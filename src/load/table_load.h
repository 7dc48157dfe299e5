// TableLoad: one stream on its way into its mirror. It gathers the changes of a round in batches, turns each
// batch into blocks and hands them to the inserters. A change that breaks the contract goes to quarantine
// (quarantine.h), or stops this stream, and nothing but it. Load's thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "load/batch.h"
#include "load/block.h"
#include "load/books.h"
#include "load/donors.h"
#include "load/fill.h"
#include "load/floor.h"
#include "load/inserters.h"
#include "load/mirror.h"
#include "load/quarantine.h"
#include "load/snapshots.h"
#include "load/types/key.h"
#include "load/verdict.h"
#include "load/waiting.h"

namespace freshet::load {

// Keys whose changes still wait after their table's snapshot: read by no chunk, because they moved within the
// table meanwhile. To be read as one more chunk of it.
struct UnresolvedKeys {
  std::string stream;
  Lsn v;  // of the snapshot to complete
  TableSchema schema;
  std::vector<std::string> keys;  // tuples like Change::old
};

// What all tables of a load share; outlives them.
struct TableContext {
  Session& session;
  Inserters& inserters;
  std::function<void(UnresolvedKeys)> on_unresolved;
  std::uint64_t walk_rows;             // of a mirror, for one statement
  std::uint64_t quarantine_bytes_max;  // of one table; then its stream stops
  std::size_t fill_bytes_max;          // of what is read, and sent, at once where values are missing
  std::uint64_t replay_rows;           // of one table, in one round
  SweepLimits sweep;                   // unless the contract says otherwise
  std::uint64_t round = 0;
};

class TableLoad {
 public:
  TableLoad(std::size_t index, Mirror mirror, TableContext& context);

  // What the mirror was in the middle of when round `cut` was recorded; what a later, unfinished round noted
  // is taken back.
  void restore(std::uint64_t cut);
  // The same of one that holds nothing yet, so that only books that mention it need be read.
  void restore(std::uint64_t cut, const Books& books);

  // One record of the round, in order. Nothing once it has stopped.
  void take(const Change& change);
  std::size_t pending_bytes() const { return batch_.bytes(); }
  // What it keeps for the next batch, and giving that back; nothing while it has a batch.
  std::size_t kept_bytes() const;
  void release_buffers();
  // A key change is two records, and the second one, which needs the first, has yet to come.
  bool within_key_change() const { return !batch_.empty() && batch_.last_op() == Op::moved; }
  // All that was taken goes to the inserters.
  void flush();
  // After the round's last record: what remains, and the ends of snapshots, for which all inserts are waited
  // for.
  void end_round();
  // When all of the round is in the mirror: what it emptied is empty.
  void publish_floor();
  // Takes up again what is in quarantine, where that was asked for: a portion of it, in a round without
  // records of its own.
  void replay();
  void want_replay() { replay_wanted_ = !stopped_ && quarantine_.any(); }
  // A periodic reading first comes to its end: what is replayed meanwhile would be taken for a part of it.
  bool replay_wanted() const {
    return (replay_wanted_ || quarantine_.replaying()) && !stopped_ && !snapshots_.staging();
  }
  std::uint64_t drop_quarantined(const Quarantine::Drop& drop, std::uint64_t round);
  // Somebody's word on what a reading didn't find at the source (sweep.h), as of the cut of `round`; then, in
  // a round, what it allowed.
  void answer_sweep(const SweepAnswer& answer, std::uint64_t round);
  void carry_out_sweep();
  // Keys that still wait although no snapshot runs: reported again, until their rows have come.
  void report_unresolved();

  const Mirror& mirror() const { return mirror_; }
  // Why it has stopped in this round. Cleared by resume().
  const std::optional<Verdict>& stopped() const { return stopped_; }
  std::size_t index() const { return index_; }
  void stop(Verdict verdict);
  void resume();

  // The stream lacks records from here on, also of a snapshot that is running.
  void abandon_snapshot(std::uint64_t cut);
  bool in_snapshot() const { return snapshots_.running(); }
  Version snapshot_version() const { return snapshots_.version(); }
  // V of the last snapshot that the mirror has all of; 0 before the first, and while one comes in.
  Lsn snapshot_loaded() const { return in_snapshot() ? Lsn() : snapshots_.version().commit(); }
  std::uint64_t waiting() const { return waiting_.count(); }
  const Quarantine& quarantine() const { return quarantine_; }
  const Sweep& sweep() const { return snapshots_.sweep(); }
  // Its mirror isn't what the source had at the cut: it lacks changes, which are in quarantine or need a row
  // that is read by its key, or has rows that are to go.
  bool in_part() const {
    return quarantine_.any() || sweep().open() || (waiting_.any() && !awaits_snapshot());
  }
  std::uint64_t nulled() const { return nulled_; }

 private:
  // The stream's shape, as one or more of its records have it, with what is built from it.
  struct Shape {
    const TableSchema* schema;
    Block block;  // rows that came with all their values
    Block filled;
    KeyEncoder keys;
  };
  // One that breaks the contract.
  struct RefusedShape {
    Verdict verdict;
    std::optional<KeyEncoder> keys;  // where its key is the contract's all the same
  };
  struct SnapshotEnd {
    std::uint8_t flags;
    Micros at;
  };
  class OpenRows;  // a batch's rows with missing values (open_rows.cpp)

  // What goes wrong with this table's records alone stops this table alone.
  template <class Step>
  void alone(const Step& step);
  bool full_for(const Change& change) const;
  Shape* shape_of(const TableSchema& schema, Version at);
  bool wait_for_inserts();
  bool awaits_snapshot() const { return snapshots_.running() || snapshots_.none_yet(); }
  void begin_snapshot(const Change& change);
  void finish_snapshot();
  std::string spared_by(Version v) const;
  void settle_waiting();
  void report_unresolved(const std::vector<HeldChange>& changes);

  void load_batch();
  void load_halves();
  bool recall_waiting();
  bool recall(std::span<const std::string> keys, bool fewer);
  void decode();
  std::optional<Refusal> decode(Shape& shape, const Batch::Record& record);
  std::optional<Refusal> decode_row(Shape& shape, const Batch::Record& record);
  std::optional<Refusal> decode_removal(Shape& shape, const Batch::Record& record);
  void send();
  void send_filled();
  std::size_t filled_bytes() const;
  void forget_flush();
  // The keys that a record concerns: its own, and on a key change the other one.
  struct Keys {
    std::string own;
    std::string other;
  };
  Keys keys_of(const Batch::Record& record);
  void refuse_shape(std::size_t index, const Batch::Record& record);
  void refuse(std::size_t index, Verdict verdict);
  bool waits_behind(std::size_t index, const Batch::Record& record);
  void set_aside(std::size_t index, const Batch::Record& record, Cause cause);
  bool is_aside(std::size_t index) const { return !aside_.empty() && aside_[index]; }
  void settle(Version below);
  void settle_seen(Version from);
  void send_aside();
  void leave_waiting(const Batch::Record& record, std::string_view key);
  std::string key_of(const Batch::Record& record, std::string_view tuple);
  KeyEncoder* encoder_of(const Batch::Record& record);
  std::string key_or_form(const Batch::Record& record, std::string_view tuple);
  bool moved_nowhere(const Batch::Record& record);
  std::vector<const Block*> blocks_with_rows() const;
  std::vector<const Block*> filled_blocks() const;
  void append_inserts(std::span<const Block* const> blocks, Job& to);

  const std::size_t index_;
  const Mirror mirror_;
  TableContext& context_;
  Snapshots snapshots_;
  Waiting waiting_;
  Quarantine quarantine_;
  bool replay_wanted_ = false;
  Version read_until_;  // of the replay under way: Snapshots::read_until
  Floor floor_;
  std::optional<SnapshotEnd> snapshot_end_;
  std::optional<Verdict> stopped_;
  std::map<const TableSchema*, std::unique_ptr<Shape>> shapes_;
  Shape* last_shape_ = nullptr;
  std::map<const TableSchema*, RefusedShape> refused_shapes_;
  HeldSchemas held_schemas_;  // of what waited

  // The flush under way.
  Batch batch_;
  std::vector<std::size_t> open_;  // records of the batch with missing values
  std::vector<bool> aside_;        // those in quarantine; empty: none
  bool settling_ = false;          // the snapshot is over: what was never seen has nothing to keep
  Fills new_fills_;
  Fills last_resorts_{Fills::Kind::last_resort};
  std::string waiting_rows_;  // of freshet.waiting: that begin to wait
  std::string done_rows_;     // and that needn't any more
  std::uint64_t nulled_ = 0;

  std::size_t donors_at_once_;  // rows that values are read from; fewer where they are large
};

}  // namespace freshet::load
