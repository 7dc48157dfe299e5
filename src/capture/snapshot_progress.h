// How far the reading of one table is, as values and as the text kept beside its rows in the journal
// (docs/snapshot.md, "Progress"). No locks, no I/O.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "change/lsn.h"

namespace freshet::capture {

// Heap pages [from, to).
struct Blocks {
  std::uint32_t from = 0;
  std::uint32_t to = 0;

  std::uint32_t count() const { return to - from; }
  friend bool operator==(const Blocks&, const Blocks&) = default;
};

// A set of pages, kept as few ranges as possible.
class BlockSet {
 public:
  void add(Blocks blocks);
  // The ranges of [0, end) that aren't in the set.
  std::vector<Blocks> missing(std::uint32_t end) const;
  const std::vector<Blocks>& ranges() const { return ranges_; }  // ascending, apart
  std::uint64_t count() const;

  friend bool operator==(const BlockSet&, const BlockSet&) = default;

 private:
  std::vector<Blocks> ranges_;
};

struct LeafProgress {
  std::uint32_t oid = 0;
  std::string identity;      // of the relation when reading began: hexadecimal digits
  std::uint32_t blocks = 0;  // its pages then; rows on later pages came after V, through the stream
  BlockSet taken;            // what the journal thread took

  friend bool operator==(const LeafProgress&, const LeafProgress&) = default;
};

struct TableProgress {
  Lsn v;
  std::uint8_t flags = 0;
  bool complete = false;
  std::vector<LeafProgress> leaves;  // by OID

  friend bool operator==(const TableProgress&, const TableProgress&) = default;
};

std::string encode(const TableProgress& progress);
// Throws Error{data} for anything that encode() didn't write.
TableProgress decode_progress(std::string_view text);

}  // namespace freshet::capture
