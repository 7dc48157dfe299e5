// The journal thread's side of the board, and the status.
#include "capture/snapshot_board.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "capture/capture_metrics.h"

namespace freshet::capture {
namespace {

// A table and one of its partitions may be read side by side.
std::string key_of(const TableRequest& request) {
  const std::string stream = request.schema + "." + request.table;
  return request.leaf ? fmt::format("{} leaf {}", stream, *request.leaf) : stream;
}

bool same_table(const KeyRequest& a, const KeyRequest& b) {
  return a.schema == b.schema && a.table == b.table;
}

}  // namespace

SnapshotBoard::SnapshotBoard(const SnapshotOptions& options, const SpoolBudget& budget)
    : options_(options), budget_(budget), throttle_(options.rows_per_second, options.bytes_per_second) {}

void SnapshotBoard::happened() {
  ++events_;
  happened_.notify_all();
}

std::shared_ptr<Point> SnapshotBoard::new_point() {
  auto point = std::make_shared<Point>();
  points_.push_back(point);
  return point;
}

// Its V is taken later than now. Tables that were seen one after another share it.
std::shared_ptr<Point> SnapshotBoard::point_to_come() {
  const auto found = std::ranges::find_if(
      points_, [](const auto& point) { return !point->given && !point->barrier && !point->claimed; });
  return found == points_.end() ? new_point() : *found;
}

void SnapshotBoard::clear() {
  const MutexLock lock(mutex_);
  tables_.clear();
  points_.clear();
  key_jobs_.clear();
  finished_.clear();
}

void SnapshotBoard::begin(const std::vector<TableRequest>& tables,
                          const std::map<std::string, std::string>& kept) {
  const MutexLock lock(mutex_);
  for (const TableRequest& request : tables) begin_table(request, kept);
  happened();
}

void SnapshotBoard::begin_table(const TableRequest& request, const std::map<std::string, std::string>& kept) {
  const std::string key = key_of(request);
  drop_finished(key);
  Table& table = tables_[key];
  table.request = request;
  table.stream = request.schema + "." + request.table;
  table.flags = flags_of(request);
  table.retry.clear();
  table.resume.reset();
  table.due = {};  // asked for now, whenever its interval would have come
  table.start_over();
  if (!request.leaf && !table.periodic()) resume(table, kept);
}

// Takes up what `kept` has of the table. True when that decides how it goes on.
bool SnapshotBoard::resume(Table& table, const std::map<std::string, std::string>& kept) {
  const auto text = kept.find(table.stream);
  if (text == kept.end() || text->second.empty()) return false;
  try {
    TableProgress progress = decode_progress(text->second);
    if (progress.complete && table.request.mode == SnapshotMode::again) return false;
    table.complete = progress.complete;
    table.v = progress.v;
    table.flags = progress.flags;
    table.point = std::make_shared<Point>(Point::passed_at(progress.v));
    if (!progress.complete) table.resume = std::move(progress);
    return true;
  } catch (const Error& error) {
    // Reading the whole table again, and sweeping, is right whatever had been read.
    log::warn("snapshot_progress_unreadable", {{"stream", table.stream}, {"error", error.message()}});
    return false;
  }
}

// While its V is to come, the reading will see all that has happened by now.
bool SnapshotBoard::read_once_more(const std::string& stream) {
  const MutexLock lock(mutex_);
  const auto found = tables_.find(stream);
  if (found == tables_.end() || !found->second.has_v()) return false;
  found->second.once_more = true;
  return true;
}

void SnapshotBoard::read_keys(KeyRequest request) {
  if (request.keys.size() > kKeysPerRequest || request.keys.empty())
    throw Error(ErrorKind::capacity,
                fmt::format("{} keys of {}.{} at once", request.keys.size(), request.schema, request.table),
                fmt::format("ask for 1 to {} at a time", kKeysPerRequest));
  const MutexLock lock(mutex_);
  std::ranges::sort(request.keys);
  drop_asked_before(request);
  if (request.keys.empty()) return;
  if (key_jobs_of(request) >= kKeyRequestsPerTable) {
    log::warn("snapshot_keys_refused", {{"stream", request.schema + "." + request.table},
                                        {"keys", request.keys.size()},
                                        {"because", "as many requests as may wait do"}});
    return;
  }
  KeyJob& job = key_jobs_[++last_key_job_];
  // With a barrier also where V is given: what waits for these keys is in the stream, yet may not be visible.
  job.point = new_point();
  job.point->given = request.v;
  job.request = std::move(request);
  happened();
}

// Whoever waits for keys asks for them again and again, for as long as a transaction holds up the barrier.
void SnapshotBoard::drop_asked_before(KeyRequest& request) const {
  for (const auto& [number, job] : key_jobs_) {
    const KeyRequest& before = job.request;
    if (!same_table(before, request) || before.columns != request.columns || before.v != request.v) continue;
    std::erase_if(request.keys, [&](const std::vector<std::string>& key) {
      return std::ranges::binary_search(before.keys, key);
    });
  }
}

std::size_t SnapshotBoard::key_jobs_of(const KeyRequest& request) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      key_jobs_, [&](const auto& entry) { return same_table(entry.second.request, request); }));
}

std::optional<FinishedChunk> SnapshotBoard::take(Lsn passed) {
  const MutexLock lock(mutex_);
  const auto found = std::ranges::find_if(
      finished_, [&](const Finished& finished) { return finished.chunk.after <= passed; });
  if (found == finished_.end()) return std::nullopt;
  Finished finished = std::move(*found);
  finished_.erase(found);
  complete_chunk(finished);
  happened();
  return std::move(finished.chunk);
}

// What only the order of taking decides: whether it is its table's first or last one, and the progress.
void SnapshotBoard::complete_chunk(Finished& finished) {
  if (finished.table.empty()) {
    key_jobs_.erase(finished.job);
    return;
  }
  Table& table = tables_.at(finished.table);
  FinishedChunk& chunk = finished.chunk;
  if (table.periodic()) {
    chunk.first = chunk.last = true;
    table.claimed = false;
    table.complete = true;
    return;
  }
  const Reading::Taken taken = table.reading->take(finished.claim);
  chunk.first = taken.first;
  chunk.last = taken.last;
  chunk.once_more = table.once_more;
  if (!table.request.leaf) chunk.progress = encode(table.reading->progress());
  if (!taken.last) return;
  table.complete = true;
  log::info("snapshot_complete", {{"stream", table.stream},
                                  {"v", to_string(chunk.v)},
                                  {"rows", table.rows},
                                  {"once_more", table.once_more}});
  count_reading(table.stream);
  if (table.once_more) {
    table.flags = flags_of(table.request);
    table.start_over();
  }
  if (table.request.leaf) tables_.erase(finished.table);
}

void SnapshotBoard::drop_finished(const std::string& key) {
  std::erase_if(finished_, [&](const Finished& finished) { return finished.table == key; });
}

void SnapshotBoard::drop_finished(const std::string& key, std::size_t leaf) {
  std::erase_if(finished_, [&](const Finished& finished) {
    return finished.table == key && finished.claim.leaf == leaf;
  });
}

SnapshotStatus SnapshotBoard::status(SteadyTime now) const {
  const MutexLock lock(mutex_);
  SnapshotStatus status;
  for (const auto& [key, table] : tables_) status.tables.push_back(table.status(now));
  status.spooled_bytes = budget_.used();
  status.waiting_for_room = waiting_for_room_;
  status.slowed = throttle_.slowed();
  status.connection_error = connection_error_;
  return status;
}

}  // namespace freshet::capture
