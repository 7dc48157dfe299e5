// Snapshots: how far the snapshot of one table is (freshet.snapshots), and what its end brings about: the
// sweep, and for a periodic table the difference to what the mirror has. Load's thread.
#pragma once

#include <cstdint>
#include <string>

#include "change/change.h"
#include "load/mirror.h"
#include "load/session.h"

namespace freshet::load {

class Snapshots {
 public:
  explicit Snapshots(const Mirror& mirror) : mirror_(mirror) {}

  // As of round `cut`; what a later, unfinished round wrote is taken back.
  void load(Session& session, std::uint64_t cut);

  // From its beginning until everything it brought is in the mirror.
  bool running() const { return running_; }
  // No snapshot of the table has begun: what its stream leaves out may still come.
  bool none_yet() const { return version_ == Version(); }
  // Rows go aside until all are there.
  bool staging() const { return running_ && (flags_ & kPeriodic) != 0; }
  // Of its rows: (V, 0). Also of the last one that ran.
  Version version() const { return version_; }

  void begin(Session& session, std::uint64_t round, Version version, std::uint8_t flags);
  struct End {
    std::uint64_t round;
    std::uint8_t flags;
    Micros at;
    Version floor;       // rows at or below it are gone anyway
    std::string spared;  // keys, as a SELECT: what waits for its row is alive
  };
  // Everything up to its end is in ClickHouse. Each statement may be repeated.
  void finish(Session& session, const End& end);

 private:
  void write_state(Session& session, std::uint64_t round, bool running) const;
  void insert_differing(Session& session, const End& end) const;
  void sweep(Session& session, const End& end, const std::string& confirmed) const;

  const Mirror& mirror_;
  Version version_;
  std::uint8_t flags_ = 0;
  bool running_ = false;
};

}  // namespace freshet::load
