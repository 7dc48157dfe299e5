// The status as it was collected last, for the HTTP server's threads and the control socket: they never make
// the line wait. The main thread publishes.
#pragma once

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
  std::string json_ GUARDED_BY(mutex_) = "{}";
  std::string not_ready_because_ GUARDED_BY(mutex_) = "it is starting";
};

}  // namespace freshet::app
