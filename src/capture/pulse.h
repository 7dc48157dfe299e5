// The pulse: over a normal connection of its own it writes heartbeats and the canary into the source's WAL,
// so that even an idle database's slot moves on, looks how much WAL the slot holds back, and has the streamed
// tables looked at. It mends its own connection; while it can't, the status says so.
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>

#include "adapter/postgres/connection.h"
#include "base/clock.h"
#include "capture/status.h"
#include "capture/table_watch.h"

namespace freshet::capture {

struct PulseOptions {
  std::string url;
  std::string slot;
  std::string slot_generation;
  std::chrono::milliseconds heartbeat_interval{3'000};
  std::chrono::milliseconds canary_interval{10'000};
  std::chrono::milliseconds statement_deadline{10'000};
};

// Until stopped; one thread.
class Pulse {
 public:
  Pulse(const PulseOptions& options, TableWatch& watch, StatusBoard& board, const Clock& clock);
  void run(std::stop_token stop);

 private:
  void beat_once();
  void look_at_tables();
  void emit(const std::string& sql);

  const PulseOptions options_;
  TableWatch& watch_;
  StatusBoard& board_;
  const Clock& clock_;
  std::optional<postgres::Connection> connection_;
  std::optional<SteadyTime> canary_at_;
  std::int64_t canaries_ = 0;
};

}  // namespace freshet::capture
