#include "load/status.h"

#include <algorithm>

namespace freshet::load {

std::string_view to_string(LoadState state) {
  switch (state) {
    case LoadState::starting: return "starting";
    case LoadState::running: return "running";
    case LoadState::waiting_for_clickhouse: return "waiting_for_clickhouse";
    case LoadState::failed: return "failed";
    case LoadState::stopped: return "stopped";
  }
  return "unknown";
}

std::string_view to_string(StreamState state) {
  switch (state) {
    case StreamState::running: return "running";
    case StreamState::catching_up: return "catching_up";
    case StreamState::quarantined: return "quarantined";
    case StreamState::unswept: return "unswept";
    case StreamState::stopped: return "stopped";
    case StreamState::paused: return "paused";
    case StreamState::gap: return "gap";
    case StreamState::filling: return "filling";
  }
  return "unknown";
}

LoadStatus StatusBoard::read() const {
  const MutexLock lock(mutex_);
  LoadStatus status = status_;
  const std::chrono::duration<double> into = clock_.steady() - window_began_;
  const double share = std::min(into.count() / kWindow, 1.0);
  const bool stale = into.count() > 2 * kWindow;
  for (std::size_t i = 0; i < rates_.size() && i < status.tables.size(); ++i) {
    status.tables[i].rows_per_second = stale ? 0 : rates_[i].per_second(share);
    status.rows_per_second += status.tables[i].rows_per_second;
  }
  return status;
}

void StatusBoard::set_state(LoadState state) {
  const MutexLock lock(mutex_);
  status_.state = state;
  status_.error.clear();
  status_.hint.clear();
}

void StatusBoard::failed(LoadState state, const Error& error) {
  const MutexLock lock(mutex_);
  status_.state = state;
  status_.error = error.message();
  status_.hint = error.hint();
}

void StatusBoard::clickhouse_answers() {
  const MutexLock lock(mutex_);
  if (status_.state != LoadState::waiting_for_clickhouse) return;
  status_.state = LoadState::running;
  status_.error.clear();
  status_.hint.clear();
}

void StatusBoard::clickhouse_away(const Error& error) {
  failed(LoadState::waiting_for_clickhouse, error);
}

void StatusBoard::inserted(std::size_t table, std::uint64_t rows) {
  const MutexLock lock(mutex_);
  roll(clock_.steady());
  rates_.resize(std::max(rates_.size(), table + 1));
  rates_[table].now += rows;
  status_.tables[table].rows += rows;
  status_.rows += rows;
}

void StatusBoard::roll(SteadyTime now) {
  const std::chrono::duration<double> into = now - window_began_;
  if (into.count() < kWindow) return;
  for (Rate& rate : rates_) {
    rate.before = into.count() < 2 * kWindow ? rate.now : 0;
    rate.now = 0;
  }
  window_began_ = now;
}

}  // namespace freshet::load
