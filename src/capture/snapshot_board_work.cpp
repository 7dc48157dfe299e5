// The workers' side of the board: which task is next, and what came of it.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "capture/capture_metrics.h"
#include "capture/snapshot_board.h"

namespace freshet::capture {
namespace {

constexpr std::string_view kQueryCancelled = "57014";  // by statement_timeout

ChunkAim aim_of(const SnapshotOptions& options) {
  // With a limit, a chunk is what may be read in a second: the source sees no bursts.
  const std::uint64_t bytes = options.bytes_per_second == 0
                                  ? options.chunk_bytes
                                  : std::min(options.chunk_bytes, options.bytes_per_second);
  return {.bytes = bytes, .rows = options.rows_per_second, .time = options.chunk_time};
}

bool same_but_for_leaves(const TablePlan& planned, const TablePlan& now) {
  return *planned.schema == *now.schema && planned.row_filter == now.row_filter &&
         planned.published == now.published;
}

void log_failure(const std::string& stream, const Error& error) {
  log::warn("snapshot_failed", {{"stream", stream},
                                {"error", error.message()},
                                {"hint", error.hint()},
                                {"kind", to_string(error.kind())}});
}

}  // namespace

std::optional<Task> SnapshotBoard::next(SteadyTime now) {
  const MutexLock lock(mutex_);
  if (auto task = next_look(now)) return task;
  if (auto task = next_point(now)) return task;
  if (auto task = next_plan(now)) return task;
  waiting_for_room_ = !budget_.has_room() || finished_.size() >= kMostFinished;
  if (waiting_for_room_ || throttle_.not_before() > now) return std::nullopt;
  if (auto task = next_keys(now)) return task;
  if (auto task = next_whole(now)) return task;
  return next_blocks(now);
}

void SnapshotBoard::wait(std::stop_token stop, std::chrono::milliseconds timeout) NO_THREAD_SAFETY_ANALYSIS {
  const MutexLock lock(mutex_);
  const std::uint64_t seen = events_;
  happened_.wait_for(mutex_, stop, timeout, [&]() NO_THREAD_SAFETY_ANALYSIS { return events_ != seen; });
}

std::optional<Task> SnapshotBoard::next_look(SteadyTime now) {
  for (auto& [key, table] : tables_) {
    if (table.periodic() || table.complete || table.point || table.claimed) continue;
    if (table.retry.not_before > now) continue;
    table.claimed = true;
    return LookTask{key, table.attempt, table.request};
  }
  return std::nullopt;
}

std::optional<Task> SnapshotBoard::next_point(SteadyTime now) {
  std::erase_if(points_, [](const auto& point) { return point->passed; });
  for (const std::shared_ptr<Point>& point : points_) {
    if (point->claimed || point->look_at > now) continue;
    point->claimed = true;
    return PointTask{point, point->given, point->barrier};
  }
  return std::nullopt;
}

std::optional<Task> SnapshotBoard::next_plan(SteadyTime now) {
  for (auto& [key, table] : tables_) {
    if (table.periodic() || table.complete || table.reading || table.claimed) continue;
    if (!table.point || !table.point->passed || table.retry.not_before > now) continue;
    table.claimed = true;
    return PlanTask{key, table.attempt, table.request};
  }
  return std::nullopt;
}

std::optional<Task> SnapshotBoard::next_keys(SteadyTime now) {
  for (auto& [number, job] : key_jobs_) {
    if (job.claimed || job.read || !job.point->passed || job.retry.not_before > now) continue;
    job.claimed = true;
    TableRequest table;
    table.schema = job.request.schema;
    table.table = job.request.table;
    if (const auto known = tables_.find(table.schema + "." + table.table); known != tables_.end())
      table = known->second.request;  // it may name columns
    return KeysTask{number, job.request, std::move(table), job.point->barrier->v,
                    job.point->barrier->raised_at};
  }
  return std::nullopt;
}

std::optional<Task> SnapshotBoard::next_whole(SteadyTime now) {
  for (auto& [key, table] : tables_) {
    if (!table.periodic() || table.claimed || table.due > now || table.retry.not_before > now) continue;
    table.claimed = true;
    table.due = now + table.request.interval;
    return WholeTask{key, table.attempt, table.request};
  }
  return std::nullopt;
}

// The table with the least to do, so that small ones are complete early.
std::optional<Task> SnapshotBoard::next_blocks(SteadyTime now) {
  std::pair<const std::string, Table>* best = nullptr;
  for (auto& entry : tables_) {
    const Table& table = entry.second;
    if (!table.reading || table.reading->all_claimed() || table.retry.not_before > now) continue;
    if (best == nullptr || table.reading->blocks_unclaimed() < best->second.reading->blocks_unclaimed())
      best = &entry;
  }
  if (best == nullptr) return std::nullopt;
  auto& [key, table] = *best;
  ++table.in_flight;
  return BlocksTask{key, table.attempt, table.request, table.reading->plan(), *table.reading->claim()};
}

Table* SnapshotBoard::find(const std::string& key, std::uint64_t attempt) {
  const auto found = tables_.find(key);
  return found == tables_.end() || found->second.attempt != attempt ? nullptr : &found->second;
}

// Whatever changed the table before it was published has committed below V, or the barrier waits for it; what
// changes it from V on is in the stream.
void SnapshotBoard::published(const LookTask& task, std::string as) {
  const MutexLock lock(mutex_);
  Table* table = find(task.table, task.attempt);
  if (table == nullptr) return;
  table->claimed = false;
  table->published = std::move(as);
  table->point = point_to_come();
  table->retry.passed();
  happened();
}

void SnapshotBoard::raised(const PointTask& task, postgres::Barrier barrier, SteadyTime now) {
  const MutexLock lock(mutex_);
  task.point->barrier = std::move(barrier);
  task.point->raised_at = now;
  task.point->claimed = false;
  happened();
}

void SnapshotBoard::looked(const PointTask& task, const std::optional<std::string>& blocker, SteadyTime now) {
  const MutexLock lock(mutex_);
  const bool known = task.point->overdue;
  task.point->looked(blocker, now, options_.barrier_deadline);
  if (task.point->overdue && !known) {
    log::error("snapshot_blocked", {{"blocker", task.point->blocker},
                                    {"v", to_string(task.point->barrier->v)},
                                    {"hint", "end that transaction: the snapshot waits for it"}});
  }
  happened();
}

void SnapshotBoard::planned(const PlanTask& task, TablePlan plan, SteadyTime now) {
  const MutexLock lock(mutex_);
  Table* table = find(task.table, task.attempt);
  if (table == nullptr) return;
  if (table->published && *table->published != plan.published) return restart(task.table, *table);
  auto shared = std::make_shared<const TablePlan>(std::move(plan));
  if (table->resume) {
    table->reading = Reading::resume(shared, *table->resume, aim_of(options_));
    if (!table->reading) return restart(task.table, *table);
  } else {
    table->reading.emplace(shared, table->point->barrier->v, table->flags, aim_of(options_));
  }
  table->claimed = false;
  table->v = table->reading->v();
  table->since = now;
  table->share_at_start = table->reading->share();
  table->rows_estimate = shared->rows_estimate;
  log::info("snapshot_reading", {{"stream", table->stream},
                                 {"v", to_string(table->v)},
                                 {"leaves", shared->leaves.size()},
                                 {"rows_estimate", shared->rows_estimate},
                                 {"resumed", table->resume.has_value()}});
  table->resume.reset();
  happened();
}

void SnapshotBoard::finish_read(const std::string& key, std::uint64_t attempt, Claim claim, Table& table,
                                ChunkRead chunk, SteadyTime now) {
  throttle_.spent(now, chunk.rows.count(), chunk.rows.bytes());
  count_snapshot(table.stream, chunk.rows.count(), chunk.rows.bytes());
  table.rows += chunk.rows.count();
  table.bytes += chunk.rows.bytes();
  table.retry.clear();
  Finished& finished = finished_.emplace_back();
  finished.table = key;
  finished.attempt = attempt;
  finished.claim = claim;
  finished.chunk.stream = table.stream;
  finished.chunk.schema = std::move(chunk.schema);
  finished.chunk.v = chunk.v;
  finished.chunk.after = chunk.after;
  finished.chunk.flags = table.flags;
  finished.chunk.rows = std::move(chunk.rows);
  happened();
}

void SnapshotBoard::read(const BlocksTask& task, ChunkRead chunk, SteadyTime now) {
  const MutexLock lock(mutex_);
  Table* table = find(task.table, task.attempt);
  if (table == nullptr) return;
  --table->in_flight;
  if (table->reading->stale(*task.plan, task.claim)) return happened();
  table->reading->read(chunk.rows.count(), chunk.rows.bytes(), chunk.took);
  chunk.v = table->v;
  chunk.after = std::max(chunk.after, table->v);  // of a table without leaves nothing was read
  finish_read(task.table, task.attempt, task.claim, *table, std::move(chunk), now);
}

void SnapshotBoard::read(const WholeTask& task, ChunkRead chunk, SteadyTime now) {
  const MutexLock lock(mutex_);
  Table* table = find(task.table, task.attempt);
  if (table == nullptr) return;
  table->v = chunk.v;
  table->rows = table->bytes = 0;
  finish_read(task.table, task.attempt, {}, *table, std::move(chunk), now);
}

void SnapshotBoard::read(const KeysTask& task, ChunkRead chunk, SteadyTime now) {
  const MutexLock lock(mutex_);
  key_jobs_.at(task.job).read = true;
  throttle_.spent(now, chunk.rows.count(), chunk.rows.bytes());
  Finished& finished = finished_.emplace_back();
  finished.job = task.job;
  finished.chunk.stream = task.request.schema + "." + task.request.table;
  finished.chunk.schema = std::move(chunk.schema);
  finished.chunk.v = task.v;
  finished.chunk.flags = kByKey;
  finished.chunk.shows = task.shows;
  finished.chunk.after = chunk.after;
  finished.chunk.rows = std::move(chunk.rows);
  finished.chunk.gone = std::move(chunk.gone);
  happened();
}

// Partitions that come and go don't begin the reading anew: where they do so again and again it would never
// end. It is right as of V for all that stays; what has come, or was changed without a word in the stream, is
// for the reading that follows (read_once_more).
void SnapshotBoard::changed(const BlocksTask& task, const TablePlan* now) {
  const MutexLock lock(mutex_);
  Table* table = find(task.table, task.attempt);
  if (table == nullptr) return;
  if (now == nullptr || !same_but_for_leaves(*task.plan, *now)) return restart(task.table, *table);
  --table->in_flight;
  if (!table->reading->stale(*task.plan, task.claim) && table->reading->replace_leaf(task.claim, *now)) {
    drop_finished(task.table, task.claim.leaf);
    log::info("snapshot_goes_on",
              {{"stream", table->stream},
               {"v", to_string(table->v)},
               {"because", task.plan->leaves[task.claim.leaf].name + " alone was rewritten, or has left"}});
  }
  happened();
}

// A new V. What was taken of the old reading stays in the journal below it; rows of it that are gone without
// a trace in the stream (a dropped partition) are why it ends with a sweep.
void SnapshotBoard::restart(const std::string& key, Table& table) {
  log::warn("snapshot_restarted",
            {{"stream", table.stream},
             {"reason", "the table was rewritten or published anew, or its columns changed"}});
  count_restart(table.stream);
  drop_finished(key);
  table.resume.reset();
  table.flags = flags_of(table.request);
  ++table.restarts;
  table.start_over();
  happened();
}

void SnapshotBoard::failed(const Task& task, const Error& error, SteadyTime now) {
  const MutexLock lock(mutex_);
  std::visit([&](const auto& given) NO_THREAD_SAFETY_ANALYSIS { give_back(given, error, now); }, task);
  happened();
}

// What a stop broke off is nobody's fault.
void SnapshotBoard::blame(Retry& retry, const std::string& stream, const Error& error, SteadyTime now) const {
  if (error.kind() == ErrorKind::cancelled) return;
  retry.blame(error, now, options_);
  log_failure(stream, error);
}

void SnapshotBoard::give_back(const PointTask& task, const Error& error, SteadyTime now) {
  task.point->failed(error, now);
}

void SnapshotBoard::give_back(const LookTask& task, const Error& error, SteadyTime now) {
  Table* table = find(task.table, task.attempt);
  if (table == nullptr) return;
  table->claimed = false;
  blame(table->retry, table->stream, error, now);
}

// A table that isn't there, or isn't published, may come back without what happened to it meanwhile.
void SnapshotBoard::give_back(const PlanTask& task, const Error& error, SteadyTime now) {
  Table* table = find(task.table, task.attempt);
  if (table == nullptr) return;
  table->claimed = false;
  blame(table->retry, table->stream, error, now);
  if (error.may_pass() || error.kind() == ErrorKind::cancelled) return;
  table->resume.reset();
  table->start_over();
}

void SnapshotBoard::give_back(const BlocksTask& task, const Error& error, SteadyTime now) {
  Table* table = find(task.table, task.attempt);
  if (table == nullptr) return;
  --table->in_flight;
  if (!table->reading->stale(*task.plan, task.claim)) table->reading->put_back(task.claim);
  if (error.kind() == ErrorKind::cancelled) return;
  log_failure(table->stream, error);
  // A column or the table itself isn't there any more: see what is.
  const bool other_shape = error.kind() == ErrorKind::schema;
  table->retry.blame(other_shape ? Error(ErrorKind::transient, error.message(), error.hint()) : error, now,
                     options_);
  if (other_shape) return restart(task.table, *table);
  const auto* sql = dynamic_cast<const postgres::SqlError*>(&error);
  if (sql != nullptr && sql->sqlstate() == kQueryCancelled) table->reading->smaller_chunks();
}

void SnapshotBoard::give_back(const WholeTask& task, const Error& error, SteadyTime now) {
  Table* table = find(task.table, task.attempt);
  if (table == nullptr) return;
  table->claimed = false;
  table->due = now;
  blame(table->retry, table->stream, error, now);
}

void SnapshotBoard::give_back(const KeysTask& task, const Error& error, SteadyTime now) {
  const auto job = key_jobs_.find(task.job);
  if (job == key_jobs_.end()) return;
  job->second.claimed = false;
  blame(job->second.retry, task.request.schema + "." + task.request.table, error, now);
}

void SnapshotBoard::probed(std::chrono::microseconds latency, SteadyTime now) {
  const MutexLock lock(mutex_);
  throttle_.probed(now, latency);
}

void SnapshotBoard::connection_failed(std::string error) {
  const MutexLock lock(mutex_);
  connection_error_ = std::move(error);
}

}  // namespace freshet::capture
