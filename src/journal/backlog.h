// Backlog: how much of the journal lies ahead of load, for the status. Owned and called by one thread, and
// not load's: it has to tell the truth just while load waits for a ClickHouse that doesn't answer.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "journal/position.h"

namespace freshet::journal {

class Backlog {
 public:
  virtual ~Backlog() = default;

  // Bytes, as the journal stores them, of the sealed records at or above these positions, by stream. Streams
  // without any are left out.
  virtual std::map<std::string, std::uint64_t> ahead_of(const Ends& positions) = 0;
};

}  // namespace freshet::journal
