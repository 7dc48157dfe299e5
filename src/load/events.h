// What load tells the world as it happens: a log line and its metrics, together (docs/metrics.md, "load").
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "change/lsn.h"

namespace freshet::load {

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
  std::uint64_t rows;    // more than last time
  std::uint64_t nulled;  // likewise
  std::uint64_t waiting;
};
void tell(const TableProgress& event);

struct StreamsStanding {
  std::size_t count;
};
void tell(const StreamsStanding& event);

}  // namespace freshet::load
