#include "capture/hand_over.h"

#include <utility>

namespace freshet::capture {
namespace {

// Also what is spooled: while a full journal makes us wait, the receive thread shall stop, not fill the disk.
std::uint64_t cost_of(const Batch& batch) {
  return batch.frames.size() + (batch.transaction == nullptr ? 0 : batch.transaction->bytes());
}

}  // namespace

bool HandOver::push(Batch& batch, std::chrono::milliseconds timeout) {
  const std::uint64_t cost = cost_of(batch);
  {
    const MutexLock lock(mutex_);
    const auto has_room = [&]() REQUIRES(mutex_) { return batches_.empty() || bytes_ + cost <= budget_; };
    if (!changed_.wait_for(mutex_, timeout, has_room)) return false;
    bytes_ += cost;
    batches_.push_back(std::exchange(batch, Batch()));
  }
  changed_.notify_all();
  return true;
}

void HandOver::end(std::exception_ptr failure) {
  {
    const MutexLock lock(mutex_);
    failure_ = std::move(failure);
  }
  changed_.notify_all();
}

std::optional<Batch> HandOver::pop(std::chrono::milliseconds timeout) {
  std::optional<Batch> batch;
  {
    const MutexLock lock(mutex_);
    changed_.wait_for(mutex_, timeout,
                      [&]() REQUIRES(mutex_) { return !batches_.empty() || failure_ != nullptr; });
    if (batches_.empty()) {
      if (failure_ != nullptr) std::rethrow_exception(failure_);
      return batch;
    }
    batch = std::move(batches_.front());
    batches_.pop_front();
    bytes_ -= cost_of(*batch);
  }
  changed_.notify_all();
  return batch;
}

std::optional<Durable<Lsn>> HandOver::durable() const {
  const MutexLock lock(mutex_);
  return durable_;
}

void HandOver::set_durable(Durable<Lsn> lsn) {
  const MutexLock lock(mutex_);
  durable_ = lsn;
}

}  // namespace freshet::capture
