// Current<T>: the object that a stage has built for its present run, for others to ask while it exists.
#pragma once

#include <optional>
#include <type_traits>

#include "base/guarded.h"

namespace freshet::app {

template <class T>
class Current {
 public:
  // Declare it after the object: it is gone from here before the object is.
  class Scope {
   public:
    Scope(Current& current, T& object) : current_(current) { current_.set(&object); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope() { current_.set(nullptr); }

   private:
    Current& current_;
  };

  // Nothing while there is none. `ask` is quick: the stage's end waits for it.
  template <class Ask>
  auto ask(Ask&& ask) const -> std::optional<std::invoke_result_t<Ask, T&>> {
    const MutexLock lock(mutex_);
    if (object_ == nullptr) return std::nullopt;
    return ask(*object_);
  }

 private:
  void set(T* object) {
    const MutexLock lock(mutex_);
    object_ = object;
  }

  mutable Mutex mutex_;
  T* object_ GUARDED_BY(mutex_) = nullptr;
};

}  // namespace freshet::app
