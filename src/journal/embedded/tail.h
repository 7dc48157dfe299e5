// Tail: how far the log is durable. The writer puts it down after the fdatasync of a seal, and readers act on
// nothing beyond: so one fdatasync makes data and watermark durable together, and yet no reader ever sees a
// watermark that a power failure could take back. The file itself needs no sync: stale, it only says less.
#pragma once

#include <optional>

#include "change/change.h"
#include "journal/embedded/layout.h"

namespace freshet::journal {

// A place in the log: a byte of a segment.
struct Place {
  std::uint64_t segment = 0;
  std::uint64_t byte = 0;

  friend auto operator<=>(const Place&, const Place&) = default;
};

struct Tail {
  std::string journal;
  Generation generation;        // of the writer that wrote this
  Place end;                    // everything below is durable
  std::uint64_t watermark = 0;  // the number of the last one below; 0: none
  std::uint64_t bytes = 0;      // held by the whole journal
};

void write_tail(files::File& file, const Tail& tail);
// Nothing: no writer was ever here, or one is writing it right now.
std::optional<Tail> read_tail(const Layout& layout);

}  // namespace freshet::journal
