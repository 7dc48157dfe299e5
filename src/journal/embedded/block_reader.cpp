#include "journal/embedded/block_reader.h"

#include <algorithm>

namespace freshet::journal {
namespace {

// A window or an unpacked body above this is given back after the block that needed it.
constexpr std::size_t kKeptMax = std::size_t{4} << 20;

void give_back(std::string& buffer) {
  if (buffer.size() > kKeptMax) buffer = std::string();
}

}  // namespace

BlockReader::BlockReader(files::File file, std::uint64_t from, std::uint64_t end, Window window)
    : file_(std::move(file)),
      position_(from),
      after_(from),
      end_(end),
      window_size_(static_cast<std::size_t>(window)) {}

std::optional<BlockHeader> BlockReader::next() {
  position_ = after_;
  if (position_ >= end_) return std::nullopt;
  if (end_ - position_ < kHeaderSize) damaged("the file ends within a block's header");
  const std::optional<BlockHeader> header = parse_header(load(position_, kHeaderSize));
  if (!header) damaged("there is no intact block header");
  if (header->size > end_ - position_ - kHeaderSize) damaged("the file ends within a block's body");
  header_ = *header;
  after_ = position_ + kHeaderSize + header_.size;
  return header;
}

std::string_view BlockReader::block() {
  const std::string_view all = load(position_, kHeaderSize + header_.size);
  if (!body_intact(header_, all.substr(kHeaderSize))) damaged("a block's body doesn't match its checksum");
  return all;
}

std::string_view BlockReader::stored_body() {
  return block().substr(kHeaderSize);
}

std::string_view BlockReader::body() {
  if (unpacked_.size() > header_.raw_size) give_back(unpacked_);
  return unpack(header_, stored_body(), unpacked_);
}

std::string_view BlockReader::load(std::uint64_t offset, std::size_t size) {
  if (offset < window_at_ || offset + size > window_at_ + window_fill_) {
    const std::size_t wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(std::max(size, window_size_), end_ - offset));
    if (wanted <= kKeptMax) give_back(window_);
    if (window_.size() < wanted) window_.resize(wanted);
    window_at_ = offset;
    window_fill_ = file_.read_at(offset, window_.data(), wanted);
    if (window_fill_ < size) damaged("the file is shorter than its blocks say");
  }
  return std::string_view(window_).substr(static_cast<std::size_t>(offset - window_at_), size);
}

void BlockReader::damaged(const char* what) const {
  throw Error(ErrorKind::data,
              "journal file " + file_.path().string() + " is damaged at byte " + std::to_string(position_) +
                  ": " + what,
              "check the disk; if the file can't be restored, start over: docs/runbook/snapshot-again.md");
}

}  // namespace freshet::journal
