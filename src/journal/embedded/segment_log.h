// SegmentLog: the writing end of the log. Blocks are gathered in memory and written at its end; one file
// follows another. Owned by the writer, one thread.
#pragma once

#include <optional>

#include "journal/embedded/log_state.h"
#include "journal/embedded/tail.h"

namespace freshet::journal {

class SegmentLog {
 public:
  explicit SegmentLog(Layout layout) : layout_(std::move(layout)) {}

  // Goes on at the end of what was recovered.
  void resume(Place end);
  // Ends the file in use, durably, and begins file `number` with the prelude of `state`.
  void begin(std::uint64_t number, const LogState& state);

  // Adds a block at the end: in memory first, in the file soon.
  void append(const BlockHeader& header, std::string_view raw);
  // One write and one fdatasync: everything appended is durable.
  void sync();

  Place end() const { return {segment_, written_ + pending_.size()}; }
  // How much of this file is durable.
  std::uint64_t synced() const { return synced_; }
  // Bytes added to this file since it was begun or resumed, prelude aside.
  std::uint64_t filled() const { return end().byte - prelude_; }

 private:
  void write();

  Layout layout_;
  std::optional<files::File> file_;
  std::uint64_t segment_ = 0;
  std::uint64_t prelude_ = 0;  // where it ends in this file
  std::uint64_t written_ = 0;
  std::uint64_t synced_ = 0;
  std::string pending_;
};

}  // namespace freshet::journal
