// Lock rules as types: GUARDED_BY names the mutex of a field, and `clang++-19 -Wthread-safety` checks every
// access.
#pragma once

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define FRESHET_ANNOTATE(x) __attribute__((x))
#else
#define FRESHET_ANNOTATE(x)
#endif
#define CAPABILITY(x) FRESHET_ANNOTATE(capability(x))
#define SCOPED_CAPABILITY FRESHET_ANNOTATE(scoped_lockable)
#define GUARDED_BY(x) FRESHET_ANNOTATE(guarded_by(x))
#define REQUIRES(...) FRESHET_ANNOTATE(requires_capability(__VA_ARGS__))
#define ACQUIRE(...) FRESHET_ANNOTATE(acquire_capability(__VA_ARGS__))
#define RELEASE(...) FRESHET_ANNOTATE(release_capability(__VA_ARGS__))
#define NO_THREAD_SAFETY_ANALYSIS FRESHET_ANNOTATE(no_thread_safety_analysis)

namespace freshet {

class CAPABILITY("mutex") Mutex {
 public:
  void lock() ACQUIRE() { mutex_.lock(); }
  void unlock() RELEASE() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() RELEASE() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// Waits release and take the Mutex again; use std::condition_variable_any directly with a Mutex&.
using Condition = std::condition_variable_any;

}  // namespace freshet
