// Plays capture's journal thread: takes chunks, keeps their progress, remembers their rows; and compares what
// it has with the source table.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "capture/snapshot.h"
#include "support/postgres.h"

namespace freshet::capture {

struct PlayedStream {
  std::shared_ptr<const TableSchema> schema;
  std::vector<std::string> rows;  // of the newest reading: a snapshot_begin after the first one empties it
  std::vector<std::string> gone;
  Lsn v;
  std::uint8_t flags = 0;
  int begun = 0;
  int ended = 0;
  int chunks = 0;
};

class Player {
 public:
  explicit Player(test::TestDatabase& database);
  ~Player();

  SnapshotOptions options;  // change before start()
  std::map<std::string, PlayedStream> streams;
  std::map<std::string, std::string> kept;

  void start(const std::vector<TableRequest>& tables);
  Snapshotter& snapshotter() { return *snapshotter_; }
  // What a kill leaves: `kept` and the rows that were taken.
  void forget_snapshotter() { snapshotter_.reset(); }

  // Takes at most one chunk, as a stream that has passed everything so far. False: there is none now.
  bool take_one();
  bool take_one(Lsn passed);
  // Takes until `condition` holds; false after half a minute.
  bool take_until(const std::function<bool()>& condition);
  bool take_all() {
    return take_until([this] { return snapshotter_->status().complete(); });
  }
  TableStatus status_of(const std::string& stream) const;

 private:
  test::TestDatabase& database_;
  test::TempDir spool_;
  std::unique_ptr<postgres::Connection> connection_;
  std::unique_ptr<Snapshotter> snapshotter_;
};

// "" when the rows are those of the table, each exactly once, in every column; else what differs. The rows go
// back into PostgreSQL, which compares: binary columns by their type, text ones with the text it would print.
std::string difference(test::TestDatabase& database, const TableSchema& schema,
                       const std::vector<std::string>& rows);

// A table's name for a request.
TableRequest all_of(const std::string& table, SnapshotMode mode = SnapshotMode::first);

}  // namespace freshet::capture
