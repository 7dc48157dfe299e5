#include "capture/snapshot_table.h"

#include <algorithm>

namespace freshet::capture {

std::string_view to_string(SnapshotState state) {
  switch (state) {
    case SnapshotState::waiting: return "waiting";
    case SnapshotState::blocked: return "blocked";
    case SnapshotState::reading: return "reading";
    case SnapshotState::spooled: return "spooled";
    case SnapshotState::complete: return "complete";
    case SnapshotState::failed: return "failed";
  }
  return "failed";
}

// Also a first one sweeps: the mirror may have rows of a time when the table was periodic, or was in the
// project before.
std::uint8_t flags_of(const TableRequest& request) {
  if (request.leaf) return 0;
  return request.mode == SnapshotMode::periodic ? kPeriodic | kSweep : kSweep;
}

Point Point::passed_at(Lsn v) {
  Point point;
  point.barrier = postgres::Barrier{v, v, ""};
  point.passed = true;
  return point;
}

void Point::looked(const std::optional<std::string>& found, SteadyTime now,
                   std::chrono::milliseconds deadline) {
  claimed = false;
  passed = !found;
  blocker = found.value_or("");
  overdue = found && now - *raised_at > deadline;
  look_at = now + interval;
  interval = std::min(interval * 2, kLastLook);
}

void Point::failed(const Error& error, SteadyTime now) {
  claimed = false;
  if (error.kind() != ErrorKind::cancelled) blocker = error.what();
  look_at = now + interval;
  interval = std::min(interval * 2, kLastLook);
}

void Retry::blame(const Error& failure, SteadyTime now, const SnapshotOptions& options) {
  const bool passes = failure.may_pass() || failure.kind() == ErrorKind::capacity;
  pause = passes ? std::clamp(pause * 2, options.retry_first, options.retry_last) : options.retry_last;
  needs_a_hand = !passes;
  not_before = now + pause;
  error = failure.what();
}

void Retry::passed() {
  needs_a_hand = false;
  error.clear();
}

bool Table::has_v() const {
  return !periodic() && !complete && point && (point->claimed || point->barrier);
}

void Table::start_over() {
  ++attempt;
  published.reset();
  point.reset();
  reading.reset();
  complete = false;
  claimed = false;
  once_more = false;
  in_flight = 0;
  rows = bytes = 0;
}

SnapshotState Table::state() const {
  if (retry.needs_a_hand) return SnapshotState::failed;
  if (complete) return SnapshotState::complete;
  if (periodic()) return claimed ? SnapshotState::reading : SnapshotState::waiting;
  if (!reading) return point && point->overdue ? SnapshotState::blocked : SnapshotState::waiting;
  return reading->all_claimed() && in_flight == 0 ? SnapshotState::spooled : SnapshotState::reading;
}

TableStatus Table::status(SteadyTime now) const {
  TableStatus status;
  status.stream = stream;
  status.state = state();
  status.periodic = periodic();
  status.v = v;
  status.rows = rows;
  status.rows_estimate = std::max(rows_estimate, rows);
  status.bytes = bytes;
  status.share = complete ? 1 : reading ? reading->share() : 0;
  status.error = retry.error;
  status.restarts = restarts;
  status.once_more = once_more;
  if (!reading && !complete && point) status.blocker = point->blocker;
  if (!reading || complete) return status;
  const double seconds = std::max(std::chrono::duration<double>(now - since).count(), 0.001);
  status.rows_per_second = static_cast<double>(rows) / seconds;
  // By pages: the row estimate may be old, the number of pages isn't.
  const double done = status.share - share_at_start;
  if (done > 0)
    status.left = std::chrono::seconds(static_cast<std::int64_t>(seconds * (1 - status.share) / done));
  return status;
}

}  // namespace freshet::capture
