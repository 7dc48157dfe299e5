// StartFailure: a wrong set-up met before the line ever ran. It is told at once and for good, instead of on a
// page that nobody has opened yet. Stages note, the main thread looks.
#pragma once

#include <optional>

#include "base/error.h"
#include "base/guarded.h"

namespace freshet::app {

class StartFailure {
 public:
  void note(const Error& error) {
    const bool wrong_set_up = error.kind() == ErrorKind::config || error.kind() == ErrorKind::unsupported;
    const MutexLock lock(mutex_);
    if (wrong_set_up && !first_) first_ = error;
  }
  void rethrow_if_any() const {
    const MutexLock lock(mutex_);
    if (first_) throw Error(*first_);
  }

 private:
  mutable Mutex mutex_;
  std::optional<Error> first_ GUARDED_BY(mutex_);
};

}  // namespace freshet::app
