#include "capture/snapshot_throttle.h"

#include <algorithm>

namespace freshet::capture {
namespace {

std::chrono::nanoseconds time_for(std::uint64_t amount, std::uint64_t per_second) {
  if (per_second == 0) return std::chrono::nanoseconds(0);
  return std::chrono::nanoseconds(
      static_cast<std::int64_t>(1e9 * static_cast<double>(amount) / static_cast<double>(per_second)));
}

}  // namespace

void Throttle::spent(SteadyTime now, std::uint64_t rows, std::uint64_t bytes) {
  paid_at_ = std::max(paid_at_, now) +
             std::max(time_for(rows, rows_per_second_), time_for(bytes, bytes_per_second_));
}

void Throttle::probed(SteadyTime now, std::chrono::microseconds latency) {
  const bool slow = usual_.count() > 0 && latency >= std::max(usual_ * kSlowFactor, kSlowAtLeast);
  if (slow) {
    pause_ = std::clamp(pause_ * 2, kFirstPause, kLongestPause);
    resume_at_ = now + pause_;
  } else {
    pause_ = pause_ / 2 < kFirstPause ? std::chrono::milliseconds(0) : pause_ / 2;
  }
  usual_ = usual_.count() == 0 || latency < usual_ ? latency : usual_ + (latency - usual_) / 100;
}

}  // namespace freshet::capture
