// HeldKeys: the keys that something in quarantine waits for: changes of these wait behind it. May be wrong
// about one key in 2^64, which then waits as well; beyond a million none is told apart any more. Load's
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <unordered_set>

namespace freshet::load {

class HeldKeys {
 public:
  static constexpr std::uint64_t kMax = 1'000'000;

  void add(std::string_view key) {
    if (all_) return;
    keys_.insert(std::hash<std::string_view>{}(key));
    if (keys_.size() > kMax) add_all();
  }
  void add_all() {
    all_ = true;
    keys_.clear();
  }
  void clear() {
    all_ = false;
    keys_.clear();
  }

  bool all() const { return all_; }
  bool contains(std::string_view key) const {
    return all_ || (!keys_.empty() && keys_.contains(std::hash<std::string_view>{}(key)));
  }

 private:
  bool all_ = false;
  std::unordered_set<std::size_t> keys_;  // hashes
};

}  // namespace freshet::load
