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
    std::chrono::milliseconds gap_full{500};     // after a round that brought at least `full_bytes`
    std::uint64_t full_bytes = 2 << 20;
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
  // and it gets as long for them as the round took. The more comes, the longer it gathers, because a round of
  // four times the rows costs little more, and a quarter of the rounds a third of the merges. A backlog waits
  // for nothing.
  std::chrono::milliseconds wait_after(std::uint64_t bytes, std::chrono::milliseconds took) const {
    if (bytes > bytes_ / 2) return std::chrono::milliseconds(0);
    const auto by_time = std::max(limits_.gap, std::min(2 * took, limits_.gap_max));
    const auto cycle = std::max(by_time, gap_for(bytes));
    return took < cycle ? cycle - took : std::chrono::milliseconds(0);
  }

 private:
  std::chrono::milliseconds gap_for(std::uint64_t bytes) const {
    const double full = std::min(1.0, static_cast<double>(bytes) / static_cast<double>(limits_.full_bytes));
    const auto more = full * std::max(limits_.gap_full - limits_.gap, std::chrono::milliseconds(0));
    return limits_.gap + std::chrono::duration_cast<std::chrono::milliseconds>(more);
  }

  const Limits limits_;
  std::uint64_t bytes_;
};

}  // namespace freshet::load
