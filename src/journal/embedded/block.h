// A block: what the log is made of. A header that vouches for itself, so that a scan needs no bodies, and a
// body that the header vouches for. Pure functions over bytes; docs/formats/journal.md has the layout.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "change/change.h"

namespace freshet::journal {

enum class BlockKind : std::uint8_t {
  segment = 1,    // the first of a file: format version, the journal's identity; `first`: the file's number
  stream = 2,     // a stream's name; `first`: the offset of its next record
  schema = 3,     // a stream's schema under a number
  notes = 4,      // capture's kept text
  resume = 5,     // the file's prelude ends here: the last watermark so far, if any
  data = 6,       // records of one stream and one schema; `first`: the offset of the first one
  watermark = 7,  // a seal; `first`: the watermark's number
  opening = 8,    // a writer began a generation here
};

struct BlockHeader {
  BlockKind kind = BlockKind::data;
  bool compressed = false;
  Epoch epoch = 0;
  std::uint32_t stream = 0;
  std::uint32_t schema = 0;
  std::uint32_t records = 0;
  std::uint32_t raw_size = 0;  // of the body when unpacked
  std::uint32_t size = 0;      // of the body as it is stored
  Generation generation{};
  std::uint64_t first = 0;
  Lsn lowest_commit{};
  Lsn highest_commit{};
  std::uint64_t body_sum = 0;

  friend bool operator==(const BlockHeader&, const BlockHeader&) = default;
};

inline constexpr std::size_t kHeaderSize = 80;
// PostgreSQL sends no message above 1 GiB, so no record is larger, and a block above the usual size holds
// one.
inline constexpr std::uint32_t kBodyMax = (std::uint32_t{1} << 30) + (std::uint32_t{1} << 20);
inline constexpr std::uint32_t kMagic = 0x314A7246;  // "FrJ1"
// What a writer counts (generations, watermarks, records) it counts up from one: no journal comes near this,
// so that the next number is always a larger one.
inline constexpr std::uint64_t kCountMax = std::uint64_t{1} << 62;

// Appends the block of this body, compressed where that makes it smaller; sizes and checksums are filled in.
void append_block(std::string& to, BlockHeader header, std::string_view raw);

// Nothing when the bytes don't begin with an intact header.
std::optional<BlockHeader> parse_header(std::string_view bytes);

bool body_intact(const BlockHeader& header, std::string_view body);

// The body unpacked, in `buffer` where it was compressed. Throws Error{data} when it can't be.
std::string_view unpack(const BlockHeader& header, std::string_view body, std::string& buffer);

}  // namespace freshet::journal
