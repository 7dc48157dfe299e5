// Held: records of streams that don't run, moved out of segments that everybody else has passed. A file holds
// the blocks of one stream from one segment as they were; it is complete when it is there, and never changes.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "journal/embedded/block.h"
#include "journal/embedded/layout.h"

namespace freshet::journal {

struct HeldFile {
  std::uint32_t stream = 0;
  std::uint64_t first = 0;  // offsets [first, end)
  std::uint64_t end = 0;
  std::uint64_t bytes = 0;

  std::filesystem::path path(const Layout& layout) const;
  friend auto operator<=>(const HeldFile&, const HeldFile&) = default;
};

// Those that are there, by stream and offset.
std::vector<HeldFile> list_held(const Layout& layout);

// Copies, of each stream named, the records of a segment at or above an offset. They are durable when it
// returns; those that were copied before are left as they are.
std::vector<HeldFile> hold(const Layout& layout, std::uint64_t segment,
                           const std::map<std::uint32_t, std::uint64_t>& from_by_stream);

}  // namespace freshet::journal
