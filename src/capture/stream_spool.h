// Transactions in progress that the server streams before they commit: spooled here per transaction, in
// memory up to a budget, beyond it in nameless files; aborted ones, subtransactions included, vanish.
//
//   receive thread: StreamSpool fills SpooledTransactions, and takes one out when it commits
//   journal thread: reads and drops what was taken out
//
// The spool itself ends with its connection: the server streams everything in progress again.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "capture/frames.h"
#include "capture/nameless_file.h"

namespace freshet::capture {

struct StreamSpoolLimits {
  std::string directory;                                // must exist
  std::uint64_t memory_bytes = 64 << 20;                // of all transactions together
  std::uint64_t disk_bytes = std::uint64_t{256} << 30;  // likewise; beyond, capture stops with an error
};

// Held by everything spooled, on both threads; outlives them.
struct StreamSpoolUse {
  std::atomic<std::uint64_t> memory = 0;
  std::atomic<std::uint64_t> disk = 0;
};

// The changes of one transaction, in order.
class SpooledTransaction {
 public:
  explicit SpooledTransaction(StreamSpoolUse& use) : use_(use) {}
  SpooledTransaction(const SpooledTransaction&) = delete;
  SpooledTransaction& operator=(const SpooledTransaction&) = delete;
  ~SpooledTransaction();

  void append(const Frame& frame);
  // From now on its frames, so far and later, are passed over. A subtransaction's own subtransactions are
  // aborted one by one.
  void abort(pgoutput::Xid subtransaction) { aborted_.insert(subtransaction); }
  // Moves what is in memory to the file.
  void spill(const std::string& directory);

  std::uint64_t in_memory() const { return in_memory_; }
  std::uint64_t bytes() const { return in_memory_ + (file_ ? file_->size() : 0); }

  // The next frame that wasn't aborted, valid until the call after; nothing at the end. Appending is over
  // with the first call.
  std::optional<Frame> next();

 private:
  bool read_more();
  void read_file();
  void read_block();
  void forget_memory(std::uint64_t bytes);

  StreamSpoolUse& use_;
  std::deque<std::string> blocks_;  // whole frames each
  std::uint64_t in_memory_ = 0;     // bytes of blocks_
  std::optional<NamelessFile> file_;
  std::set<pgoutput::Xid> aborted_;

  // While reading, the file first, then the blocks:
  bool reading_ = false;
  std::string window_;      // the part being read
  std::uint64_t read_ = 0;  // bytes of the file that were in windows so far
  std::optional<FrameReader> frames_;
};

// Owned by the receive thread.
class StreamSpool {
 public:
  StreamSpool(const StreamSpoolLimits& limits, StreamSpoolUse& use) : limits_(limits), use_(use) {}

  void append(pgoutput::Xid transaction, const Frame& frame);
  void abort(const pgoutput::StreamAbort& abort);
  // The whole transaction, which is no longer here. Empty when nothing was streamed.
  std::unique_ptr<SpooledTransaction> commit(pgoutput::Xid transaction);

  std::size_t transactions() const { return open_.size(); }

 private:
  void keep_budget();

  const StreamSpoolLimits limits_;
  StreamSpoolUse& use_;
  std::map<pgoutput::Xid, std::unique_ptr<SpooledTransaction>> open_;
};

}  // namespace freshet::capture
