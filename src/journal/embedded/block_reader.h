// BlockReader: walks the blocks of one file in order, through a window that is read ahead. Bodies are loaded
// and verified only where they are asked for.
#pragma once

#include <optional>

#include "adapter/files/file.h"
#include "journal/embedded/block.h"

namespace freshet::journal {

class BlockReader {
 public:
  // What one read from the file brings at least: little where headers are looked for, much where bodies are
  // read.
  enum class Window : std::size_t { headers = 16 << 10, bodies = 1 << 20 };

  // From byte `from`, where a block begins, up to `end`, where one ends.
  BlockReader(files::File file, std::uint64_t from, std::uint64_t end, Window window);

  // The next block's header; nothing at the end. Throws Error{data} where there is none, or only a part.
  std::optional<BlockHeader> next();
  // Of the block that next() gave: as it is stored (verified), and unpacked. Valid until the next call.
  std::string_view stored_body();
  std::string_view body();
  // The whole block as it is stored, verified.
  std::string_view block();

  // Where the block that next() gave begins, and where the one after it does.
  std::uint64_t position() const { return position_; }
  std::uint64_t after() const { return after_; }

 private:
  std::string_view load(std::uint64_t offset, std::size_t size);
  [[noreturn]] void damaged(const char* what) const;

  files::File file_;
  std::uint64_t position_;
  std::uint64_t after_;
  std::uint64_t end_;
  std::size_t window_size_;
  BlockHeader header_;
  std::string window_;
  std::uint64_t window_at_ = 0;
  std::size_t window_fill_ = 0;
  std::string unpacked_;
};

}  // namespace freshet::journal
