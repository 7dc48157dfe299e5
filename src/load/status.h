// LoadStatus: what load does, for the status page, `freshet status` and readiness. StatusBoard is where
// load's threads write it down; any thread reads.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/guarded.h"
#include "change/lsn.h"
#include "journal/position.h"

namespace freshet::load {

enum class LoadState { starting, running, waiting_for_clickhouse, failed, stopped };
std::string_view to_string(LoadState state);

// running: its mirror follows the cut. quarantined: likewise, but for changes that broke the contract and
// those behind them; its cut stands. catching_up: it reads what has waited of it, in portions beside the
// others; its cut follows. unswept: likewise, but for rows that its last reading didn't see at the source,
// and that go when somebody allows it; its cut stands. stopped: something didn't fit; its position stands
// until resume(). paused: likewise, because somebody asked for it. gap: it lacks records; what comes is
// passed over until a snapshot with a sweep begins above all of them. filling: that one has begun; its mirror
// is whole at its end, and stands at no cut before.
enum class StreamState { running, catching_up, quarantined, unswept, stopped, paused, gap, filling };
std::string_view to_string(StreamState state);

struct TableStatus {
  std::string stream;
  std::string mirror;
  StreamState state = StreamState::running;
  std::string reason = {};  // of every state but running, catching_up and filling
  std::string hint = {};
  std::uint64_t rows = 0;       // inserted since the start
  std::uint64_t rows_told = 0;  // of them, as the metrics know
  double rows_per_second = 0;
  bool in_snapshot = false;
  Lsn snapshot_loaded;        // V of the last snapshot that the mirror has all of, as of the cut
  std::uint64_t waiting = 0;  // changes that wait for their row of a snapshot
  std::uint64_t quarantined = 0;
  std::uint64_t unswept = 0;  // rows that wait for somebody's word whether they go
  bool catches_up = false;    // it reads what has waited of it, also where its state says something else
  Lsn cut;  // up to where it is whole: below the common one unless it is running and nothing waits
  Micros cut_committed_at = 0;
  std::uint64_t nulled = 0;  // values that became NULL because the contract allows it
};

struct LoadStatus {
  LoadState state = LoadState::starting;
  std::string error;  // the last one, while it matters
  std::string hint;
  std::uint64_t term = 0;
  std::uint64_t round = 0;  // the last complete one
  Lsn cut;
  Micros cut_committed_at = 0;
  journal::Ends positions;     // of every stream, as of the cut
  double rows_per_second = 0;  // over the last seconds: while there is a backlog, the drain rate
  bool draining = false;       // a backlog is there
  std::uint64_t rows = 0;      // inserted since the start
  std::chrono::milliseconds last_round{0};
  std::vector<TableStatus> tables;  // in the order of the contracts
};

class StatusBoard {
 public:
  explicit StatusBoard(const Clock& clock) : clock_(clock) {}

  LoadStatus read() const;

  template <class Change>
  void update(Change&& change) {
    const MutexLock lock(mutex_);
    change(status_);
  }
  void set_state(LoadState state);
  void failed(LoadState state, const Error& error);
  // A session's statement went through, or didn't and is tried again.
  void clickhouse_answers();
  void clickhouse_away(const Error& error);
  // Rows that ClickHouse confirmed.
  void inserted(std::size_t table, std::uint64_t rows);

 private:
  // Rates over the last seconds: two windows, the older one complete.
  struct Rate {
    std::uint64_t now = 0;
    std::uint64_t before = 0;
    double per_second(double share_of_now) const { return (before * (1 - share_of_now) + now) / kWindow; }
  };
  static constexpr double kWindow = 5;  // seconds

  void roll(SteadyTime now) REQUIRES(mutex_);

  const Clock& clock_;
  mutable Mutex mutex_;
  LoadStatus status_ GUARDED_BY(mutex_);
  std::vector<Rate> rates_ GUARDED_BY(mutex_);
  SteadyTime window_began_ GUARDED_BY(mutex_){};
};

}  // namespace freshet::load
