#include "capture/snapshot_spool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"

namespace freshet::capture {
namespace {

// A row is its length, then its tuple.
using RowLength = std::uint32_t;
constexpr std::size_t kWindow = 256 << 10;  // of a file: written and read at once

int open_nameless(const std::string& directory) {
  std::string path = directory + "/snapshot-XXXXXX";
  const int file = mkostemp(path.data(), O_CLOEXEC);
  if (file < 0) {
    throw Error(ErrorKind::capacity, fmt::format("can't spool to {}: {}", directory, std::strerror(errno)),
                "make the folder writable, or give it room");
  }
  unlink(path.c_str());
  return file;
}

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
  written_ = std::exchange(other.written_, 0);
  read_ = std::exchange(other.read_, 0);
  count_ = std::exchange(other.count_, 0);
  bytes_ = std::exchange(other.bytes_, 0);
  file_ = std::exchange(other.file_, -1);
  return *this;
}

Rows::~Rows() {
  release();
}

void Rows::release() {
  if (file_ >= 0) close(file_);
  if (budget_ == nullptr) return;
  budget_->memory_ -= held_;
  budget_->disk_ -= written_;
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
  if (file_ >= 0) {
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
  if (file_ < 0) file_ = open_nameless(budget_->directory());
  std::string_view left = buffer_;
  while (!left.empty()) {
    const ssize_t count = write(file_, left.data(), left.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      throw Error(ErrorKind::capacity,
                  fmt::format("can't spool {} bytes to {}: {}", left.size(), budget_->directory(),
                              std::strerror(errno)),
                  "free some disk space; the chunk is read again");
    }
    left.remove_prefix(static_cast<std::size_t>(count));
    written_ += static_cast<std::uint64_t>(count);
    budget_->disk_ += static_cast<std::uint64_t>(count);
  }
  buffer_.clear();
  budget_->memory_ -= std::exchange(held_, 0);
}

void Rows::finish() {
  if (file_ >= 0 && !buffer_.empty()) spill();
  buffer_.shrink_to_fit();
  row_at_ = 0;
  read_ = 0;
}

bool Rows::next(std::string_view& tuple) {
  if (row_at_ == buffer_.size() && (file_ < 0 || read_ == written_)) return false;
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
  buffer_.erase(0, std::exchange(row_at_, 0));
  while (buffer_.size() < wanted) {
    const std::size_t had = buffer_.size();
    buffer_.resize(std::max(wanted, kWindow));
    const ssize_t count =
        file_ < 0 ? 0 : pread(file_, buffer_.data() + had, buffer_.size() - had, static_cast<off_t>(read_));
    buffer_.resize(had + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0)
      throw Error(ErrorKind::data, "a spooled chunk ends in the middle of a row",
                  "it is read again after a restart");
    read_ += static_cast<std::uint64_t>(count);
  }
}

}  // namespace freshet::capture
