// A rate per second over the last seconds, from a counter that is looked at now and then. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>

#include "base/clock.h"

namespace freshet::app {

class RateMeter {
 public:
  static constexpr std::chrono::seconds kWindow{5};

  // The counter's value now; 0 until there are two. A counter that fell was begun anew.
  double update(std::uint64_t count, SteadyTime now) {
    if (!looks_.empty() && count < looks_.back().count) looks_.clear();
    looks_.push_back({count, now});
    while (looks_.size() > 2 && now - looks_.front().at > kWindow) looks_.pop_front();
    const double seconds = std::chrono::duration<double>(now - looks_.front().at).count();
    return seconds > 0 ? static_cast<double>(count - looks_.front().count) / seconds : 0;
  }

 private:
  struct Look {
    std::uint64_t count;
    SteadyTime at;
  };
  std::deque<Look> looks_;
};

}  // namespace freshet::app
