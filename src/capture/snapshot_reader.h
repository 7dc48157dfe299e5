// Reads chunks: each in a short transaction of its own, checked under its own lock. Owned by one worker, with
// its connection.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "adapter/postgres/connection.h"
#include "capture/snapshot_plan.h"
#include "capture/snapshot_progress.h"

namespace freshet::capture {

class ChunkReader {
 public:
  // Connects. Throws Error.
  ChunkReader(const SnapshotOptions& options, std::stop_token stop);

  // The pages of one leaf. The insert LSN after the read; nothing, and nothing in `rows`, when the leaf isn't
  // what was planned any more. Throws Error{cancelled} when stopped.
  std::optional<Lsn> read_blocks(const TablePlan& plan, const Leaf& leaf, Blocks blocks, Rows& rows);

  // A whole table as one statement sees it. First writes a message into the WAL, whose LSN is V.
  struct Whole {
    Lsn v;
    Lsn after;
  };
  Whole read_whole(const TablePlan& plan, Rows& rows);

  // The rows of these keys, and in `gone` a tuple for each key that has none, its other columns NULL. The
  // insert LSN after the read.
  Lsn read_keys(const TablePlan& plan, const KeyRequest& request, Rows& rows, Rows& gone);

  // How long the source takes for next to nothing.
  std::chrono::microseconds probe();

  postgres::Connection& connection() { return connection_; }

 private:
  std::string begin(std::string_view isolation) const;
  bool begin_as_planned(const Leaf& leaf);
  void copy(const TableSchema& schema, const std::string& select, Rows& rows);
  Lsn commit();

  const SnapshotOptions& options_;
  std::stop_token stop_;
  postgres::Connection connection_;
};

}  // namespace freshet::capture
