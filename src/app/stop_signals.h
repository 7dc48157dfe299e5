// SIGINT and SIGTERM as something to wait for. Made by the main thread before any other thread exists, since
// threads inherit what is blocked.
#pragma once

#include <signal.h>
#include <time.h>

#include <chrono>

namespace freshet::app {

class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  }

  // True when one came within `timeout`.
  bool wait(std::chrono::milliseconds timeout) const {
    const timespec limit{.tv_sec = timeout.count() / 1000, .tv_nsec = timeout.count() % 1000 * 1'000'000};
    return sigtimedwait(&signals_, nullptr, &limit) > 0;
  }

 private:
  sigset_t signals_;
};

}  // namespace freshet::app
