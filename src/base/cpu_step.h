// CpuStep: what the calling thread is doing now, so that its CPU time is counted for that step of a row's
// way: freshet_cpu_seconds_total{step=…}. Steps nest: while an inner one is alive, the outer one's time
// stands.
//
// Costs two system calls, so it is for batches, blocks and rounds, never for a row.
#pragma once

#include <string>

#include "base/metrics.h"

namespace freshet {

class CpuStep {
 public:
  explicit CpuStep(const metrics::Counter& seconds);
  CpuStep(const CpuStep&) = delete;
  CpuStep& operator=(const CpuStep&) = delete;
  ~CpuStep();

  // The counter of a step, to be kept: looking it up takes a lock.
  static metrics::Counter counter(const std::string& step);

 private:
  const metrics::Counter& seconds_;
  CpuStep* const outer_;
};

// CPU time of the calling thread since it began.
double thread_cpu_seconds();

}  // namespace freshet
