// Between the receive thread and the journal thread: batches of raw messages one way, within a budget of
// bytes, and what is durable the other way. One object per connection; both threads call it.
#pragma once

#include <chrono>
#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <string>

#include "base/durable.h"
#include "base/guarded.h"
#include "capture/stream_spool.h"

namespace freshet::capture {

struct Batch {
  std::string frames;  // messages outside of stream blocks, in order

  // After them, where set: a streamed transaction that has committed.
  std::unique_ptr<SpooledTransaction> transaction;
  pgoutput::StreamCommit commit;

  // After all of it, where not 0: everything that committed below this has been sent.
  Lsn sent_below;

  bool empty() const { return frames.empty() && transaction == nullptr && sent_below == Lsn(); }
};

class HandOver {
 public:
  // `budget`: bytes that may wait, spooled ones on disk too; a batch larger than that passes alone.
  explicit HandOver(std::uint64_t budget) : budget_(budget) {}

  // Receive thread. False, and `batch` untouched, when there was no room within `timeout`.
  bool push(Batch& batch, std::chrono::milliseconds timeout);
  // No more will come, and why.
  void end(std::exception_ptr failure);
  std::optional<Durable<Lsn>> durable() const;

  // Journal thread. Nothing when `timeout` passed. Throws what ended the receive thread once everything
  // before it was taken.
  std::optional<Batch> pop(std::chrono::milliseconds timeout);
  void set_durable(Durable<Lsn> lsn);

 private:
  const std::uint64_t budget_;
  mutable Mutex mutex_;
  Condition changed_;
  std::deque<Batch> batches_ GUARDED_BY(mutex_);
  std::uint64_t bytes_ GUARDED_BY(mutex_) = 0;
  std::exception_ptr failure_ GUARDED_BY(mutex_);
  std::optional<Durable<Lsn>> durable_ GUARDED_BY(mutex_);
};

}  // namespace freshet::capture
