#include "capture/snapshot_spool.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"

namespace freshet::capture {
namespace {

// A row is its length, then its tuple.
using RowLength = std::uint32_t;
constexpr std::size_t kWindow = 256 << 10;  // of a file: written and read at once

}  // namespace

SpoolBudget::SpoolBudget(std::string directory, std::uint64_t memory_limit, std::uint64_t disk_limit)
    : directory_(std::move(directory)), memory_limit_(memory_limit), disk_limit_(disk_limit) {}

bool SpoolBudget::take_memory(std::uint64_t bytes) {
  if (memory_.fetch_add(bytes) + bytes <= memory_limit_) return true;
  memory_ -= bytes;
  return false;
}

Rows::Rows(Rows&& other) noexcept {
  *this = std::move(other);
}

Rows& Rows::operator=(Rows&& other) noexcept {
  if (this == &other) return *this;
  release();
  budget_ = std::exchange(other.budget_, nullptr);
  buffer_ = std::exchange(other.buffer_, {});
  row_at_ = std::exchange(other.row_at_, 0);
  held_ = std::exchange(other.held_, 0);
  on_disk_ = std::exchange(other.on_disk_, 0);
  file_ = std::move(other.file_);
  read_ = std::exchange(other.read_, 0);
  count_ = std::exchange(other.count_, 0);
  bytes_ = std::exchange(other.bytes_, 0);
  return *this;
}

Rows::~Rows() {
  release();
}

void Rows::release() {
  if (budget_ == nullptr) return;
  budget_->memory_ -= held_;
  budget_->disk_ -= on_disk_;
}

std::string& Rows::open_row() {
  row_at_ = buffer_.size();
  append_le(buffer_, RowLength{0});
  return buffer_;
}

void Rows::close_row() {
  const std::size_t size = buffer_.size() - row_at_ - sizeof(RowLength);
  const auto length = static_cast<RowLength>(size);
  CHECK(length == size);
  std::memcpy(buffer_.data() + row_at_, &length, sizeof length);
  ++count_;
  bytes_ += size;
  if (file_) {
    if (buffer_.size() >= kWindow) spill();
  } else if (buffer_.size() > held_) {
    const std::uint64_t more = std::max<std::uint64_t>(kWindow, buffer_.size() - held_);
    if (budget_->take_memory(more))
      held_ += more;
    else
      spill();
  }
}

void Rows::spill() {
  if (!file_) file_ = std::make_unique<NamelessFile>(budget_->directory());
  budget_->disk_ += buffer_.size();
  on_disk_ += buffer_.size();
  file_->append(buffer_);
  buffer_.clear();
  budget_->memory_ -= std::exchange(held_, 0);
}

void Rows::finish() {
  if (file_ && !buffer_.empty()) spill();
  buffer_.shrink_to_fit();
  row_at_ = 0;
  read_ = 0;
}

bool Rows::next(std::string_view& tuple) {
  if (row_at_ == buffer_.size() && (!file_ || read_ == file_->size())) return false;
  read_more(sizeof(RowLength));
  const auto length = load_le<RowLength>(buffer_.data() + row_at_);
  read_more(sizeof length + length);
  tuple = std::string_view(buffer_).substr(row_at_ + sizeof length, length);
  row_at_ += sizeof length + length;
  return true;
}

// Makes `wanted` bytes from row_at_ on stand in the buffer.
void Rows::read_more(std::size_t wanted) {
  if (buffer_.size() - row_at_ >= wanted) return;
  const std::uint64_t left = file_ ? file_->size() - read_ : 0;
  buffer_.erase(0, std::exchange(row_at_, 0));
  const std::size_t more = std::min<std::uint64_t>(std::max(wanted - buffer_.size(), kWindow), left);
  if (buffer_.size() + more < wanted)
    throw Error(ErrorKind::data, "a spooled chunk ends in the middle of a row", "restart: it is read again");
  window_.resize(more);
  file_->read(read_, window_);
  buffer_ += window_;
  read_ += more;
}

}  // namespace freshet::capture
