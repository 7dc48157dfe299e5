// Pace: how much one round takes. Small rounds keep the mirrors fresh, big ones drain a backlog with fewer
// statements. Load's thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace freshet::load {

class Pace {
 public:
  struct Limits {
    std::uint64_t bytes_min = 4 << 20;
    std::uint64_t bytes_max = 256 << 20;
    std::chrono::milliseconds round_aim{1'000};  // a round of a backlog shouldn't take longer
    std::chrono::milliseconds gap{100};          // between the beginnings of two rounds, at least
    std::chrono::milliseconds gap_max{300};      // a longer round is followed at once by the next
  };

  explicit Pace(Limits limits) : limits_(limits), bytes_(limits.bytes_min) {}

  // What the next round may read; a transaction larger than that is read all the same.
  std::uint64_t bytes() const { return bytes_; }

  // A round that read `bytes` took `took`.
  void finished(std::uint64_t bytes, std::chrono::milliseconds took) {
    if (took > limits_.round_aim)
      bytes_ = std::max(limits_.bytes_min, bytes_ / 2);
    else if (bytes > bytes_ / 2 && took < limits_.round_aim / 2)
      bytes_ = std::min(limits_.bytes_max, bytes_ * 2);
  }

  // How long to wait before the next round, so that changes gather: many small parts cost ClickHouse merges,
  // and it gets as long for them as the round took. A backlog waits for nothing.
  std::chrono::milliseconds wait_after(std::uint64_t bytes, std::chrono::milliseconds took) const {
    if (bytes > bytes_ / 2) return std::chrono::milliseconds(0);
    const auto cycle = std::clamp(2 * took, limits_.gap, limits_.gap_max);
    return took < cycle ? cycle - took : std::chrono::milliseconds(0);
  }

 private:
  const Limits limits_;
  std::uint64_t bytes_;
};

}  // namespace freshet::load
