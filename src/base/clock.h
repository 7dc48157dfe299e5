// Time is passed in: logic takes a Clock&, so tests need neither now() nor sleep().
#pragma once

#include <chrono>
#include <stop_token>

namespace freshet {

using SteadyTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual SteadyTime steady() const = 0;  // for deadlines and rates: never steps
  virtual WallTime wall() const = 0;      // for what people read, and ages against the source's commit times
  // Returns early, with false, when stopped.
  virtual bool sleep(std::chrono::milliseconds duration, std::stop_token stop) const = 0;
};

Clock& system_clock();

// A point in steady time by which a call must have ended.
class Deadline {
 public:
  Deadline(const Clock& clock, std::chrono::milliseconds budget)
      : clock_(&clock), at_(clock.steady() + budget) {}
  SteadyTime at() const { return at_; }
  bool passed() const { return clock_->steady() >= at_; }
  // Never negative.
  std::chrono::milliseconds left() const {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(at_ - clock_->steady());
    return left.count() > 0 ? left : std::chrono::milliseconds(0);
  }

 private:
  const Clock* clock_;
  SteadyTime at_;
};

}  // namespace freshet
