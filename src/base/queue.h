// BoundedQueue<T>: how threads pass values on. Its capacity is a named limit; every wait ends at a stop
// request or a deadline. Any number of producers and consumers.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <stop_token>
#include <utility>

#include "base/guarded.h"

namespace freshet {

template <class T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t capacity) : capacity_(capacity) {}

  // False, and `value` untouched, when full or closed.
  bool try_push(T&& value) {
    {
      const MutexLock lock(mutex_);
      if (closed_ || items_.size() >= capacity_) return false;
      items_.push_back(std::move(value));
    }
    not_empty_.notify_one();
    return true;
  }

  // Waits for room. False, and `value` untouched, when stopped or closed.
  bool push(T&& value, std::stop_token stop) {
    {
      const MutexLock lock(mutex_);
      const auto has_room = [&]() REQUIRES(mutex_) { return closed_ || items_.size() < capacity_; };
      if (!not_full_.wait(mutex_, stop, has_room) || closed_) return false;
      items_.push_back(std::move(value));
    }
    not_empty_.notify_one();
    return true;
  }

  // Waits for a value. Nothing when stopped, timed out, or closed and drained.
  std::optional<T> pop(std::stop_token stop, std::chrono::milliseconds timeout) {
    std::optional<T> value;
    {
      const MutexLock lock(mutex_);
      not_empty_.wait_for(mutex_, stop, timeout,
                          [&]() REQUIRES(mutex_) { return closed_ || !items_.empty(); });
      if (items_.empty()) return value;
      value.emplace(std::move(items_.front()));
      items_.pop_front();
    }
    not_full_.notify_one();
    return value;
  }

  // No more values come in; what is inside can still be taken.
  void close() {
    {
      const MutexLock lock(mutex_);
      closed_ = true;
    }
    not_empty_.notify_all();
    not_full_.notify_all();
  }

  std::size_t size() const {
    const MutexLock lock(mutex_);
    return items_.size();
  }

 private:
  const std::size_t capacity_;
  mutable Mutex mutex_;
  Condition not_empty_;
  Condition not_full_;
  std::deque<T> items_ GUARDED_BY(mutex_);
  bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace freshet
