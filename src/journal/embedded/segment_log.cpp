#include "journal/embedded/segment_log.h"

#include "adapter/files/directory.h"

namespace freshet::journal {
namespace {

// Blocks gathered for one write. A single block may be larger.
constexpr std::size_t kPendingMax = std::size_t{1} << 20;

}  // namespace

void SegmentLog::resume(Place end) {
  file_ = files::File::open_to_write(layout_.segment(end.segment));
  segment_ = end.segment;
  written_ = synced_ = end.byte;
}

void SegmentLog::begin(std::uint64_t number, const LogState& state) {
  if (file_) sync();
  file_ = files::File::create(layout_.segment(number));
  files::sync_directory(layout_.segments());
  segment_ = number;
  written_ = synced_ = 0;
  state.append_prelude(pending_, number);
  prelude_ = pending_.size();
}

void SegmentLog::append(const BlockHeader& header, std::string_view raw) {
  append_block(pending_, header, raw);
  if (pending_.size() >= kPendingMax) write();
}

void SegmentLog::sync() {
  write();
  file_->sync_data();
  synced_ = written_;
}

void SegmentLog::write() {
  file_->write_at(written_, pending_);
  written_ += pending_.size();
  if (pending_.capacity() > 4 * kPendingMax)
    pending_ = std::string();
  else
    pending_.clear();
}

}  // namespace freshet::journal
