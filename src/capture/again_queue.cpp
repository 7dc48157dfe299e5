#include "capture/again_queue.h"

#include <utility>

#include "base/error.h"

namespace freshet::capture {

std::future<void> AgainQueue::ask(std::vector<std::string> streams) {
  const MutexLock lock(mutex_);
  if (asked_.size() >= kMostAsked)
    throw Error(ErrorKind::capacity, "too many requests to read tables again wait for capture",
                "see freshet status why capture takes none, then ask again");
  asked_.push_back({std::move(streams), {}});
  return asked_.back().answer.get_future();
}

std::vector<std::string> AgainQueue::take() {
  std::vector<Asked> asked;
  {
    const MutexLock lock(mutex_);
    asked.swap(asked_);
  }
  std::vector<std::string> streams;
  for (Asked& one : asked) {
    streams.insert(streams.end(), one.streams.begin(), one.streams.end());
    taken_.push_back(std::move(one.answer));
  }
  return streams;
}

void AgainQueue::kept() {
  for (std::promise<void>& answer : taken_) answer.set_value();
  taken_.clear();
}

}  // namespace freshet::capture
