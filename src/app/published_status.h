// The status as it was collected last, for the HTTP server's threads and the control socket: they never make
// the line wait. The main thread publishes.
#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>

#include "app/line_status.h"
#include "app/line_status_json.h"
#include "base/guarded.h"

namespace freshet::app {

class PublishedStatus {
 public:
  void publish(const LineStatus& status) {
    std::string json = to_json(status);
    const MutexLock lock(mutex_);
    json_ = std::move(json);
    not_ready_because_ = status.ready.ready ? "" : status.ready.reason;
    ++published_;
    published_more_.notify_all();
  }

  // Until one was collected that began after this call: it shows what has been brought about by now. Where
  // none comes in time, so be it.
  void wait_for_the_next(std::chrono::milliseconds limit) NO_THREAD_SAFETY_ANALYSIS {
    const MutexLock lock(mutex_);
    const std::uint64_t under_way = published_ + 1;
    published_more_.wait_for(mutex_, std::stop_token(), limit,
                             [&]() NO_THREAD_SAFETY_ANALYSIS { return published_ > under_way; });
  }

  std::string json() const {
    const MutexLock lock(mutex_);
    return json_;
  }
  // Empty: ready.
  std::string not_ready_because() const {
    const MutexLock lock(mutex_);
    return not_ready_because_;
  }

 private:
  mutable Mutex mutex_;
  Condition published_more_;
  std::uint64_t published_ GUARDED_BY(mutex_) = 0;
  std::string json_ GUARDED_BY(mutex_) = "{}";
  std::string not_ready_because_ GUARDED_BY(mutex_) = "it is starting";
};

}  // namespace freshet::app
