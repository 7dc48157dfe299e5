// Prelude: how a segment begins, read without the rest of it. So retention knows which offsets are in which
// file, and a reader finds the file where a position lies.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "journal/embedded/catalog.h"
#include "journal/embedded/layout.h"

namespace freshet::journal {

struct Prelude {
  std::string journal;
  std::vector<std::uint64_t> starts;  // by stream number - 1: the offset of its next record at this place
  std::optional<Watermark> last;      // the last watermark before this segment
  std::uint64_t end = 0;              // the byte where it ends and the log goes on

  std::uint64_t start(std::uint32_t stream) const { return stream <= starts.size() ? starts[stream - 1] : 0; }
  std::uint64_t last_number() const { return last ? last->number : 0; }
};

// Nothing when the segment isn't there (any more). What it announces goes to the catalog. Throws Error{data}.
std::optional<Prelude> read_prelude(const Layout& layout, std::uint64_t segment, Catalog& catalog);

}  // namespace freshet::journal
