// TableLoad: one stream on its way into its mirror. It gathers the changes of a round in batches, turns each
// batch into blocks and hands them to the inserters. A change that breaks the contract stops it, and nothing
// but it. Load's thread.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "load/batch.h"
#include "load/block.h"
#include "load/donors.h"
#include "load/fill.h"
#include "load/inserters.h"
#include "load/mirror.h"
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
  std::uint64_t round = 0;
};

class TableLoad {
 public:
  TableLoad(std::size_t index, Mirror mirror, TableContext& context);

  // What the mirror was in the middle of when round `cut` was recorded; what a later, unfinished round noted
  // is taken back.
  void restore(std::uint64_t cut);

  // One record of the round, in order. Nothing once it has stopped.
  void take(const Change& change);
  std::size_t pending_bytes() const { return batch_.bytes(); }
  // A key change is two records, and the second one, which needs the first, has yet to come.
  bool within_key_change() const { return !batch_.empty() && batch_.last_op() == Op::moved; }
  // All that was taken goes to the inserters.
  void flush();
  // After the round's last record: what remains, and the ends of snapshots, for which all inserts are waited
  // for.
  void end_round();
  // Keys that still wait although no snapshot runs: reported again, until their rows have come.
  void report_unresolved();

  const Mirror& mirror() const { return mirror_; }
  // Why it has stopped in this round. Cleared by resume().
  const std::optional<Verdict>& stopped() const { return stopped_; }
  std::size_t index() const { return index_; }
  void stop(Verdict verdict);
  void resume();

  bool in_snapshot() const { return snapshots_.running(); }
  // V of the last snapshot that the mirror has all of; 0 before the first, and while one comes in.
  Lsn snapshot_loaded() const { return in_snapshot() ? Lsn() : snapshots_.version().commit(); }
  std::uint64_t waiting() const { return waiting_.count(); }
  std::uint64_t nulled() const { return nulled_; }

 private:
  // The stream's shape, as one or more of its records have it, with what is built from it.
  struct Shape {
    const TableSchema* schema;
    Block block;
    KeyEncoder keys;
  };
  struct SnapshotEnd {
    std::uint8_t flags;
    Micros at;
  };
  class OpenRows;  // a batch's rows with missing values (open_rows.cpp)

  // What goes wrong with this table's records alone stops this table alone.
  template <class Step>
  void alone(const Step& step);
  Shape* shape_of(const TableSchema& schema, Version at);
  bool wait_for_inserts();
  void take_truncate(const Change& change);
  void begin_snapshot(const Change& change);
  void finish_snapshot();
  void settle_waiting();

  void recall_waiting();
  void recall(std::span<const std::string> keys);
  const TableSchema* adopt(TableSchema schema);
  void decode();
  std::optional<Refusal> decode_row(Shape& shape, const Batch::Record& record);
  std::optional<Refusal> decode_removal(Shape& shape, const Batch::Record& record);
  void send();
  void forget_flush();
  std::string key_of(const Batch::Record& record, std::string_view tuple);
  bool moved_nowhere(const Batch::Record& record);
  void append_lookup_inserts(std::vector<Insert>& to) const;
  std::string raw_body() const;

  const std::size_t index_;
  const Mirror mirror_;
  TableContext& context_;
  Snapshots snapshots_;
  Waiting waiting_;
  Version floor_;  // of the last TRUNCATE
  std::optional<SnapshotEnd> snapshot_end_;
  std::optional<Verdict> stopped_;
  std::map<const TableSchema*, std::unique_ptr<Shape>> shapes_;
  Shape* last_shape_ = nullptr;
  std::deque<TableSchema> adopted_;  // schemas of what waited: their addresses stay

  // The flush under way.
  Batch batch_;
  std::vector<std::size_t> open_;  // records of the batch with missing values
  bool settling_ = false;          // the snapshot is over: what was never seen has nothing to keep
  Fills new_fills_;
  Fills last_resorts_{Fills::Kind::last_resort};
  std::string waiting_rows_;  // of freshet.waiting: that begin to wait
  std::string done_rows_;     // and that needn't any more
  std::uint64_t nulled_ = 0;
};

}  // namespace freshet::load
