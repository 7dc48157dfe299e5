// What a benchmark needs to know of processes and numbers.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace freshet::bench {

using Seconds = std::chrono::duration<double>;

// Seconds that `work` takes.
template <class Work>
double timed(Work&& work) {
  const auto began = std::chrono::steady_clock::now();
  work();
  return Seconds(std::chrono::steady_clock::now() - began).count();
}

double median(std::vector<double> values);

// CPU seconds so far, by "program/thread", of all processes whose command line holds one of `words`.
std::map<std::string, double> cpu_seconds(const std::vector<std::string>& words);

// What was used between two readings, threads that used nothing left out.
std::map<std::string, double> used(const std::map<std::string, double>& before,
                                   const std::map<std::string, double>& after);

}  // namespace freshet::bench
