// What `freshet status` and the metrics say of snapshots. Values, filled under the board's lock.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "change/lsn.h"

namespace freshet::capture {

enum class SnapshotState {
  waiting,  // for its turn, or (with `blocker`) for transactions older than V
  blocked,  // the blocker outlived the deadline: somebody should look
  reading,
  spooled,   // all read; chunks wait for the stream
  complete,  // of a periodic table: until its next turn
  failed,    // tried again now and then; `error` says what to do
};

std::string_view to_string(SnapshotState state);

struct TableStatus {
  std::string stream;
  SnapshotState state = SnapshotState::waiting;
  bool periodic = false;
  Lsn v;
  std::uint64_t rows = 0;           // read so far, of this reading of the table
  std::uint64_t rows_estimate = 0;  // of the whole table, by the server's statistics
  std::uint64_t bytes = 0;
  double share = 0;  // of the table's pages, 0..1
  double rows_per_second = 0;
  std::optional<std::chrono::seconds> left;
  std::string blocker;  // "pid 123 (psql, idle in transaction, 00:04:10)"
  std::string error;
  std::uint32_t restarts = 0;  // because the table was rewritten or its columns changed
  bool once_more = false;      // it changed while it was read: another reading follows
};

struct SnapshotStatus {
  std::vector<TableStatus> tables;
  std::uint64_t spooled_bytes = 0;
  bool waiting_for_room = false;  // the spool is full: the journal doesn't take chunks
  bool slowed = false;            // by the source's own latency
  std::string connection_error;   // while no worker can connect
  bool complete() const {         // of all tables that aren't periodic
    for (const TableStatus& table : tables)
      if (!table.periodic && table.state != SnapshotState::complete) return false;
    return true;
  }
};

}  // namespace freshet::capture
