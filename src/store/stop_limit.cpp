#include "store/stop_limit.h"

#include <unistd.h>

#include <cstdlib>
#include <stop_token>

#include "base/guarded.h"
#include "base/log.h"

namespace freshet::store {
namespace {

// True when the time passed before anybody asked for the end.
bool waits_for(std::chrono::milliseconds limit, const std::stop_token& stop) NO_THREAD_SAFETY_ANALYSIS {
  Mutex mutex;
  Condition never;
  const MutexLock lock(mutex);
  never.wait_for(mutex, stop, limit, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace

StopLimit::StopLimit(std::chrono::milliseconds limit)
    : thread_([limit](const std::stop_token& stop) {
        if (!waits_for(limit, stop)) return;
        log::warn("store_stop_forced", {{"reason", "a query didn't end"}, {"after_ms", limit.count()}});
        ::_exit(EXIT_SUCCESS);
      }) {}

}  // namespace freshet::store
