// Live traffic at a given rate until it is told to stop: one thread, one connection. A server that goes away
// is waited for; what was lost with it is forgotten.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"

namespace freshet::adshop {

struct LiveOptions {
  std::string url;
  double rate = 1000;  // changes per second
  std::uint64_t seed = 1;
  std::optional<std::chrono::seconds> duration = std::nullopt;
  bool oddities = true;  // off: inserts and updates in the mix's shares, nothing else
  // Foreign keys go unchecked: two thirds of what a page view costs the server. For benchmarks without
  // oddities, whose deletes need the cascades; only a superuser may.
  bool unchecked = false;
};

struct LiveTotals {
  std::int64_t changes = 0;  // rows changed by committed transactions, cascades not counted
  std::int64_t transactions = 0;
  std::int64_t reconnects = 0;
  std::int64_t failures = 0;  // batches that the server refused
  std::chrono::duration<double> time{0};
  std::map<std::string_view, std::int64_t> oddities;
};

// Called about once a second with what has been done so far.
using LiveReport = std::function<void(const LiveTotals&)>;

// Returns when stopped or `duration` is over. Throws Error when the server answers, but keeps refusing.
LiveTotals run_live(const LiveOptions& options, const Clock& clock, std::stop_token stop,
                    const LiveReport& report);

}  // namespace freshet::adshop
