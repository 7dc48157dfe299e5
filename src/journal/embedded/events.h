// What the journal's writer has to tell: a log line and its metric leave together. Writer's thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"

namespace freshet::journal {

// Nothing was removed: the journal stays as full as it is, and is tried again.
struct RetentionFailed {
  const Error& error;
};

// A stream that doesn't run outgrew its share, and lost records that nobody had read.
struct GapOpened {
  std::string stream;
  std::uint64_t bytes = 0;  // it held so many
};

// About once a second.
struct Kept {
  std::uint64_t bytes = 0;  // on disk, all of it
  std::uint64_t held = 0;   // of them, for streams that don't run
  std::uint64_t limit = 0;
};

void tell(const RetentionFailed& event);
void tell(const GapOpened& event);
void tell(const Kept& event);

}  // namespace freshet::journal
