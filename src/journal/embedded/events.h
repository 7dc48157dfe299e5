// What the journal's writer has to tell: a log line and its metric leave together. Writer's thread, but for
// register_counters.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

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

// Has the counters there, at 0, before anything happens: Prometheus sees no increase in one that is born
// at 1. Any thread.
void register_counters(const std::vector<std::string>& streams);

void tell(const RetentionFailed& event);
void tell(const GapOpened& event);
void tell(const Kept& event);

}  // namespace freshet::journal
