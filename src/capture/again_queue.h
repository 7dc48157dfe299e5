// Tables that somebody wants read again: between whoever asks (any thread) and the journal thread, which
// answers once the wish outlives a kill.
#pragma once

#include <cstddef>
#include <future>
#include <string>
#include <vector>

#include "base/guarded.h"

namespace freshet::capture {

class AgainQueue {
 public:
  // The answer comes with kept(); std::future_error when the queue goes before that. Throws Error{capacity}
  // where kMostAsked wait.
  std::future<void> ask(std::vector<std::string> streams);

  // Journal thread. What is asked for by now; each is answered with the next kept().
  std::vector<std::string> take();
  // All that was taken is durable.
  void kept();

  static constexpr std::size_t kMostAsked = 64;

 private:
  struct Asked {
    std::vector<std::string> streams;
    std::promise<void> answer;
  };

  Mutex mutex_;
  std::vector<Asked> asked_ GUARDED_BY(mutex_);
  std::vector<std::promise<void>> taken_;  // of the journal thread
};

}  // namespace freshet::capture
