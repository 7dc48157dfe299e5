#include "base/cpu_step.h"

#include <time.h>

#include <utility>

namespace freshet {
namespace {

thread_local CpuStep* current = nullptr;
thread_local double counted_until = 0;  // of the thread's CPU time

// What was used since the last change of steps.
double used() {
  const double now = thread_cpu_seconds();
  return now - std::exchange(counted_until, now);
}

}  // namespace

CpuStep::CpuStep(const metrics::Counter& seconds) : seconds_(seconds), outer_(current) {
  const double before = used();
  if (outer_ != nullptr) outer_->seconds_.add(before);
  current = this;
}

CpuStep::~CpuStep() {
  seconds_.add(used());
  current = outer_;
}

metrics::Counter CpuStep::counter(const std::string& step) {
  return metrics::counter("freshet_cpu_seconds_total", "CPU time by step of a row's way.", {{"step", step}});
}

double thread_cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

}  // namespace freshet
