// Floor: the version of a table's last TRUNCATE. What is at or below it is gone, without a tombstone each.
// Rows of its round know it at once; readers (freshet.floors) only when all of the round is in the mirror, so
// that a stream that stops within a transaction doesn't empty its mirror. Load's thread.
#pragma once

#include "change/change.h"
#include "load/mirror.h"
#include "load/session.h"

namespace freshet::load {

class Floor {
 public:
  explicit Floor(const Mirror& mirror) : mirror_(mirror) {}

  // As of round `cut`; what a later, unfinished round wrote is taken back.
  void load(Session& session, std::uint64_t cut);

  Version at() const { return at_; }
  void raise(Version version);
  // May be repeated. False: there was nothing new to publish.
  bool publish(Session& session, std::uint64_t round);

 private:
  const Mirror& mirror_;
  Version at_;
  bool published_ = true;
};

}  // namespace freshet::load
