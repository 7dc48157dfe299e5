// Where finished chunks wait for the stream: in memory up to a budget, beyond it in files.
// A worker fills Rows, the journal thread reads and drops them; one thread at a time holds them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "capture/nameless_file.h"

namespace freshet::capture {

// What all chunks together may hold. A chunk is begun only below both limits, and then finished whatever its
// size: at most one chunk per worker lies above.
class SpoolBudget {
 public:
  SpoolBudget(std::string directory, std::uint64_t memory_limit, std::uint64_t disk_limit);

  const std::string& directory() const { return directory_; }
  bool has_room() const { return memory_ + disk_ < memory_limit_ + disk_limit_; }
  std::uint64_t used() const { return memory_ + disk_; }

 private:
  friend class Rows;
  bool take_memory(std::uint64_t bytes);  // false, and nothing taken, beyond the limit

  const std::string directory_;
  const std::uint64_t memory_limit_;
  const std::uint64_t disk_limit_;
  std::atomic<std::uint64_t> memory_ = 0;
  std::atomic<std::uint64_t> disk_ = 0;
};

// Tuples (change/tuple.h) in the order they were appended. Beyond the memory budget they go to a file that
// has no name: it vanishes with the object, and with the process however that ends.
class Rows {
 public:
  Rows() = default;
  explicit Rows(SpoolBudget& budget) : budget_(&budget) {}
  Rows(Rows&& other) noexcept;
  Rows& operator=(Rows&& other) noexcept;
  ~Rows();

  // Append to open_row(), then close_row(). Throws Error{capacity} when the disk is full.
  std::string& open_row();
  void close_row();

  // Ends appending; next() begins at the first row.
  void finish();
  // The next tuple, valid until the call after; false at the end. Throws Error{data} when the file isn't what
  // was written.
  bool next(std::string_view& tuple);

  std::uint64_t count() const { return count_; }
  std::uint64_t bytes() const { return bytes_; }  // of the tuples
  bool spilled() const { return file_ != nullptr; }

 private:
  void spill();
  void read_more(std::size_t wanted);
  void release();

  SpoolBudget* budget_ = nullptr;
  std::string buffer_;         // all rows; with a file: those not yet written, or the window being read
  std::string window_;         // what the file gave last
  std::size_t row_at_ = 0;     // where the open row begins in buffer_; reading: the next one
  std::uint64_t held_ = 0;     // memory taken from the budget
  std::uint64_t on_disk_ = 0;  // likewise
  std::uint64_t read_ = 0;     // bytes of the file
  std::uint64_t count_ = 0;
  std::uint64_t bytes_ = 0;
  std::unique_ptr<NamelessFile> file_;
};

}  // namespace freshet::capture
