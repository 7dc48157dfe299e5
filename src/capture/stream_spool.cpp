#include "capture/stream_spool.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/crash_point.h"

namespace freshet::capture {
namespace {

// Less than this isn't worth a write: the budget may be exceeded by as much per transaction in progress.
constexpr std::uint64_t kSpillBytes = 64 << 10;
constexpr std::uint64_t kBlockBytes = 256 << 10;
// What is read of a file at once; a larger frame is read whole.
constexpr std::uint64_t kWindowBytes = 1 << 20;

}  // namespace

SpooledTransaction::~SpooledTransaction() {
  use_.memory -= in_memory_;
  if (file_) use_.disk -= file_->size();
}

void SpooledTransaction::append(const Frame& frame) {
  CHECK(!reading_);
  const std::size_t size = kFrameHead + frame.message.size();
  if (blocks_.empty() || blocks_.back().size() + size > kBlockBytes) blocks_.emplace_back();
  append_frame(blocks_.back(), frame);
  in_memory_ += size;
  use_.memory += size;
}

void SpooledTransaction::forget_memory(std::uint64_t bytes) {
  in_memory_ -= bytes;
  use_.memory -= bytes;
}

void SpooledTransaction::spill(const std::string& directory) {
  if (!file_) file_.emplace(directory);
  for (const std::string& block : blocks_) {
    file_->append(block);
    use_.disk += block.size();
  }
  blocks_.clear();
  forget_memory(in_memory_);
  crash_point("spooled");
}

std::optional<Frame> SpooledTransaction::next() {
  reading_ = true;
  for (;;) {
    while (frames_ && frames_->whole()) {
      const Frame frame = frames_->next();
      if (!aborted_.contains(frame.owner)) return frame;
    }
    if (!read_more()) return std::nullopt;
  }
}

// False at the end.
bool SpooledTransaction::read_more() {
  if (file_ && read_ < file_->size()) {
    read_file();
  } else {
    CHECK(!frames_ || frames_->at_end());
    if (blocks_.empty()) return false;
    read_block();
  }
  frames_.emplace(window_);
  return true;
}

void SpooledTransaction::read_file() {
  const std::size_t cut = frames_ ? frames_->left() : 0;  // of a frame that the window's end cut in two
  window_.erase(0, window_.size() - cut);
  std::uint64_t wanted = kWindowBytes;
  if (cut >= kFrameHead) wanted += load_le<std::uint32_t>(window_.data());
  std::string more(std::min(file_->size() - read_, wanted), '\0');
  file_->read(read_, more);
  read_ += more.size();
  window_ += more;
}

void SpooledTransaction::read_block() {
  window_ = std::move(blocks_.front());
  blocks_.pop_front();
  forget_memory(window_.size());
}

void StreamSpool::append(pgoutput::Xid transaction, const Frame& frame) {
  auto& open = open_[transaction];
  if (open == nullptr) open = std::make_unique<SpooledTransaction>(use_);
  open->append(frame);
  if (use_.memory > limits_.memory_bytes) keep_budget();
}

void StreamSpool::abort(const pgoutput::StreamAbort& abort) {
  if (abort.xid == abort.subtransaction) {
    open_.erase(abort.xid);
    return;
  }
  if (const auto found = open_.find(abort.xid); found != open_.end())
    found->second->abort(abort.subtransaction);
}

std::unique_ptr<SpooledTransaction> StreamSpool::commit(pgoutput::Xid transaction) {
  const auto found = open_.find(transaction);
  if (found == open_.end()) return std::make_unique<SpooledTransaction>(use_);
  std::unique_ptr<SpooledTransaction> whole = std::move(found->second);
  open_.erase(found);
  return whole;
}

void StreamSpool::keep_budget() {
  const auto largest =
      std::ranges::max_element(open_, {}, [](const auto& open) { return open.second->in_memory(); });
  if (largest->second->in_memory() < kSpillBytes) return;
  largest->second->spill(limits_.directory);
  if (use_.disk > limits_.disk_bytes) {
    throw Error(
        ErrorKind::capacity,
        fmt::format("transactions in progress fill the spool: {} bytes in {}, transaction {} alone {}",
                    use_.disk.load(), limits_.directory, largest->first, largest->second->bytes()),
        "raise the spool's limit, or end that transaction");
  }
}

}  // namespace freshet::capture
