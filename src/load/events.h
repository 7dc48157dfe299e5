// What load tells the world as it happens: a log line and its metrics, together (docs/metrics.md, "load").
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "change/lsn.h"

namespace freshet::load {

// Has the counters there, at 0, before anything happens: Prometheus sees no increase in one that is born
// at 1.
void register_counters(const std::vector<std::string>& mirrors);

struct RoundCounts {
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  std::uint64_t redelivered = 0;  // dropped: the mirror has them
  std::uint64_t leftovers = 0;    // dropped: of a transaction that a dead capture began to append
};

struct RoundDone {
  std::uint64_t round;
  Lsn cut;
  RoundCounts counts;
  std::chrono::milliseconds took;
  bool repeated;
};
void tell(const RoundDone& event);

struct TableProgress {
  std::string mirror;
  std::uint64_t rows = 0;    // more than last time
  std::uint64_t nulled = 0;  // likewise
  std::uint64_t waiting = 0;
  std::uint64_t quarantined = 0;
  std::uint64_t unswept = 0;
};
void tell(const TableProgress& event);

struct StreamsStanding {
  std::size_t count;
};
void tell(const StreamsStanding& event);

}  // namespace freshet::load
