// How gently the source is read: limits of rows and bytes per second, and pauses while the source answers a
// probe slower than it used to. Used under the board's lock; time is passed in.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/clock.h"

namespace freshet::capture {

class Throttle {
 public:
  // 0: no limit.
  Throttle(std::uint64_t rows_per_second, std::uint64_t bytes_per_second)
      : rows_per_second_(rows_per_second), bytes_per_second_(bytes_per_second) {}

  // A chunk of this size was read.
  void spent(SteadyTime now, std::uint64_t rows, std::uint64_t bytes);
  // The source answered a probe after `latency`.
  void probed(SteadyTime now, std::chrono::microseconds latency);

  // No chunk may be begun earlier.
  SteadyTime not_before() const { return std::max(paid_at_, resume_at_); }
  bool slowed() const { return pause_.count() > 0; }

  // A probe is slow when it took this many times the usual, and at least this long: below, nobody notices.
  static constexpr int kSlowFactor = 10;
  static constexpr std::chrono::microseconds kSlowAtLeast{50'000};
  static constexpr std::chrono::milliseconds kFirstPause{100};
  static constexpr std::chrono::milliseconds kLongestPause{5'000};

 private:
  const std::uint64_t rows_per_second_;
  const std::uint64_t bytes_per_second_;
  SteadyTime paid_at_{};  // when what was read so far is within the limits
  SteadyTime resume_at_{};
  std::chrono::milliseconds pause_{0};  // doubled with every slow probe, halved with every quick one
  std::chrono::microseconds usual_{0};  // follows quick answers at once, slow ones by a hundredth
};

}  // namespace freshet::capture
