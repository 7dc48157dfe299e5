// Who reads what next: the state of all tables, between the journal thread (begin, take) and the workers
// (next, and what came of it). Every method may be called from any thread; nothing here does I/O.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "base/guarded.h"
#include "capture/snapshot_table.h"
#include "capture/snapshot_throttle.h"

namespace freshet::capture {

// Raise the barrier of a point, or look whether it has passed.
struct PointTask {
  std::shared_ptr<Point> point;  // touched under the board's lock only
  std::optional<Lsn> given;
  std::optional<postgres::Barrier> raised;
};

// See that a table is published, before its V is taken.
struct LookTask {
  std::string table;  // its key on the board
  std::uint64_t attempt = 0;
  TableRequest request;
};

struct PlanTask {
  std::string table;
  std::uint64_t attempt = 0;
  TableRequest request;
};

struct BlocksTask {
  std::string table;
  std::uint64_t attempt = 0;
  TableRequest request;
  Reading::Plan plan;
  Claim claim;
};

struct WholeTask {
  std::string table;
  std::uint64_t attempt = 0;
  TableRequest request;
};

struct KeysTask {
  std::uint64_t job = 0;
  KeyRequest request;
  TableRequest table;
  Lsn v;
  Lsn shows;  // whatever committed below is in what will be read
};

using Task = std::variant<LookTask, PointTask, PlanTask, BlocksTask, WholeTask, KeysTask>;

// What a worker brings back from a chunk. It is dropped when the table has been begun anew meanwhile.
struct ChunkRead {
  std::shared_ptr<const TableSchema> schema;
  Lsn v;
  Lsn after;
  Rows rows;
  std::vector<std::string> gone;
  std::chrono::milliseconds took{0};
};

class SnapshotBoard {
 public:
  SnapshotBoard(const SnapshotOptions& options, const SpoolBudget& budget);

  // Journal thread.
  void clear();  // while no worker runs
  void begin(const std::vector<TableRequest>& tables, const std::map<std::string, std::string>& kept);
  bool read_once_more(const std::string& stream);
  void read_keys(KeyRequest request);
  std::optional<FinishedChunk> take(Lsn passed);

  SnapshotStatus status(SteadyTime now) const;

  // Workers. Each task that next() gives is answered by exactly one of the others.
  std::optional<Task> next(SteadyTime now);
  void wait(std::stop_token stop, std::chrono::milliseconds timeout);  // until something may have changed
  void published(const LookTask& task, std::string as);
  void raised(const PointTask& task, postgres::Barrier barrier, SteadyTime now);
  void looked(const PointTask& task, const std::optional<std::string>& blocker, SteadyTime now);
  void planned(const PlanTask& task, TablePlan plan, SteadyTime now);
  void read(const BlocksTask& task, ChunkRead chunk, SteadyTime now);
  void read(const WholeTask& task, ChunkRead chunk, SteadyTime now);
  void read(const KeysTask& task, ChunkRead chunk, SteadyTime now);
  // The leaf isn't what was planned; `now`: the table. Where a partition alone is another, or gone, the
  // reading goes on without what it was; else, and without `now`, the table starts again.
  void changed(const BlocksTask& task, const TablePlan* now);
  void failed(const Task& task, const Error& error, SteadyTime now);

  void probed(std::chrono::microseconds latency, SteadyTime now);
  void connection_failed(std::string error);  // "" once there is one

  // Finished chunks that may wait, small ones, too: each spooled one holds a file open.
  static constexpr std::size_t kMostFinished = 256;

 private:
  struct Finished {
    std::string table;      // "": keys
    std::uint64_t job = 0;  // theirs
    std::uint64_t attempt = 0;
    Claim claim;
    FinishedChunk chunk;
  };
  struct KeyJob {
    KeyRequest request;  // its keys sorted
    std::shared_ptr<Point> point;
    bool claimed = false;
    bool read = false;  // it stays until its chunk is taken
    Retry retry;
  };

  std::optional<Task> next_look(SteadyTime now) REQUIRES(mutex_);
  std::optional<Task> next_point(SteadyTime now) REQUIRES(mutex_);
  std::optional<Task> next_plan(SteadyTime now) REQUIRES(mutex_);
  std::optional<Task> next_keys(SteadyTime now) REQUIRES(mutex_);
  std::optional<Task> next_whole(SteadyTime now) REQUIRES(mutex_);
  std::optional<Task> next_blocks(SteadyTime now) REQUIRES(mutex_);
  void begin_table(const TableRequest& request, const std::map<std::string, std::string>& kept)
      REQUIRES(mutex_);
  bool resume(Table& table, const std::map<std::string, std::string>& kept) REQUIRES(mutex_);
  void restart(const std::string& key, Table& table) REQUIRES(mutex_);
  void drop_finished(const std::string& key) REQUIRES(mutex_);
  void drop_finished(const std::string& key, std::size_t leaf) REQUIRES(mutex_);
  void drop_asked_before(KeyRequest& request) const REQUIRES(mutex_);
  std::size_t key_jobs_of(const KeyRequest& request) const REQUIRES(mutex_);
  Table* find(const std::string& key, std::uint64_t attempt) REQUIRES(mutex_);
  std::shared_ptr<Point> new_point() REQUIRES(mutex_);
  std::shared_ptr<Point> point_to_come() REQUIRES(mutex_);
  void finish_read(const std::string& key, std::uint64_t attempt, Claim claim, Table& table, ChunkRead chunk,
                   SteadyTime now) REQUIRES(mutex_);
  void complete_chunk(Finished& finished) REQUIRES(mutex_);
  void blame(Retry& retry, const std::string& stream, const Error& error, SteadyTime now) const
      REQUIRES(mutex_);
  void give_back(const LookTask& task, const Error& error, SteadyTime now) REQUIRES(mutex_);
  void give_back(const PointTask& task, const Error& error, SteadyTime now) REQUIRES(mutex_);
  void give_back(const PlanTask& task, const Error& error, SteadyTime now) REQUIRES(mutex_);
  void give_back(const BlocksTask& task, const Error& error, SteadyTime now) REQUIRES(mutex_);
  void give_back(const WholeTask& task, const Error& error, SteadyTime now) REQUIRES(mutex_);
  void give_back(const KeysTask& task, const Error& error, SteadyTime now) REQUIRES(mutex_);
  void happened() REQUIRES(mutex_);

  const SnapshotOptions& options_;
  const SpoolBudget& budget_;
  mutable Mutex mutex_;
  Condition happened_;
  std::uint64_t events_ GUARDED_BY(mutex_) = 0;
  Throttle throttle_ GUARDED_BY(mutex_);
  std::map<std::string, Table> tables_ GUARDED_BY(mutex_);
  std::deque<std::shared_ptr<Point>> points_ GUARDED_BY(mutex_);  // not passed
  std::map<std::uint64_t, KeyJob> key_jobs_ GUARDED_BY(mutex_);
  std::uint64_t last_key_job_ GUARDED_BY(mutex_) = 0;
  std::deque<Finished> finished_ GUARDED_BY(mutex_);
  std::string connection_error_ GUARDED_BY(mutex_);
  bool waiting_for_room_ GUARDED_BY(mutex_) = false;
};

}  // namespace freshet::capture
