// The keys of a table that differ, kept for their repair with the window in which each was found.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "parity/report.h"
#include "parity/window.h"

namespace freshet::parity {

struct DifferingKey {
  std::string canonical;
  std::uint64_t hash = 0;
  Side side = Side::values;
  bool waits = false;  // with a change in quarantine
};

struct DifferingIn {
  Window window;
  std::vector<DifferingKey> keys;
};

class Differing {
 public:
  // Beyond `keys_max` it only counts.
  explicit Differing(std::uint64_t keys_max) : keys_max_(keys_max) {}

  // Those that are added from here on are of this window.
  void begin(const Window& window) { windows_.push_back({window, {}}); }
  void add(DifferingKey key) {
    if (++count_ <= keys_max_) windows_.back().keys.push_back(std::move(key));
  }

  bool all_kept() const { return count_ <= keys_max_; }
  std::uint64_t count() const { return count_; }
  const std::vector<DifferingIn>& windows() const { return windows_; }

 private:
  const std::uint64_t keys_max_;
  std::uint64_t count_ = 0;
  std::vector<DifferingIn> windows_;
};

}  // namespace freshet::parity
