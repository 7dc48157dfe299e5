// What a benchmark needs of time and numbers.
#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

namespace freshet::bench {

// Seconds that `work` takes.
template <class Work>
double timed(Work&& work) {
  const auto began = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

inline double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values.empty() ? 0 : values[values.size() / 2];
}

}  // namespace freshet::bench
