// RepairNote: the record of a repair of one mirror by keys (freshet.repairs): once before its keys are read
// again, and once when both sides were compared after it. Load's thread.
#pragma once

#include <cstdint>
#include <string>

#include "change/change.h"
#include "load/session.h"

namespace freshet::load {

struct RepairNote {
  std::string stream;
  Micros began = 0;           // tells it from other repairs of the stream
  std::uint64_t missing = 0;  // keys that were only in the source
  std::uint64_t extra = 0;    // that were only in the mirror
  std::uint64_t values = 0;   // that had other values
  bool ended = false;
  std::uint64_t mended = 0;  // of all these; once it has ended
};

void write(Session& session, const RepairNote& note);

}  // namespace freshet::load
