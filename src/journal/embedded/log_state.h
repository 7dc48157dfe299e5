// LogState: what all blocks from the beginning of a segment up to some place say. A segment opens with it in
// full (its prelude), so that whoever begins there needs no older file.
#pragma once

#include <optional>
#include <vector>

#include "journal/embedded/catalog.h"

namespace freshet::journal {

struct LogState {
  std::string journal;    // its identity
  Generation generation;  // the newest that opened it
  Catalog catalog;
  std::vector<std::uint64_t> next;  // by stream number - 1: the offset of its next record
  std::string notes;
  std::optional<Watermark> last;

  // Takes the next block in order; of data blocks the header is enough. Throws Error{data} when the block
  // doesn't follow from what came before.
  void apply(const BlockHeader& header, std::string_view raw);
  // Appends the prelude of segment `number`: apply() of its blocks on nothing gives this state.
  void append_prelude(std::string& to, std::uint64_t number) const;
  Ends ends() const;
};

}  // namespace freshet::journal
