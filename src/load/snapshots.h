// Snapshots: how far the snapshot of one table is (freshet.snapshots), and what its end brings about: the
// sweep, and for a periodic table the difference to what the mirror has. Load's thread.
#pragma once

#include <cstdint>
#include <string>

#include "change/change.h"
#include "load/mirror.h"
#include "load/session.h"
#include "load/sweep.h"

namespace freshet::load {

class Snapshots {
 public:
  // `walk_rows`: of a mirror, for one statement at its end.
  Snapshots(const Mirror& mirror, std::uint64_t walk_rows, SweepLimits sweep)
      : mirror_(mirror), walk_rows_(walk_rows), sweep_(mirror, walk_rows, sweep) {}

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
  // Its stream lacks records of it: it never ends. As of round `cut`.
  void abandon(Session& session, std::uint64_t cut);
  struct End {
    std::uint64_t round;
    std::uint8_t flags;
    Micros at;
    Version floor;       // rows at or below it are gone anyway
    std::string spared;  // keys, as a SELECT: what waits for its row is alive
  };
  // Some keys were read after its end, as of its version.
  void note_reading(Session& session, std::uint64_t round);
  // No reading saw what is above it; the greatest version while one is under way.
  Version read_until(Session& session) const;

  // Everything up to its end is in ClickHouse. Each statement may be repeated. True: whatever is older than
  // the snapshot has been replaced by it or swept.
  bool finish(Session& session, const End& end);

  // The last one's, where it asks before it takes much away.
  Sweep& sweep() { return sweep_; }
  const Sweep& sweep() const { return sweep_; }

 private:
  void write_state(Session& session, std::uint64_t round, bool running);
  // `range`: a condition on the key; `staged`: which rows of the staged ones are of it.
  void insert_differing(Session& session, const End& end, const std::string& range,
                        const std::string& staged) const;
  void finish_staged(Session& session, const End& end);

  const Mirror& mirror_;
  const std::uint64_t walk_rows_;
  Sweep sweep_;
  Version version_;
  std::uint8_t flags_ = 0;
  bool running_ = false;
  std::uint64_t round_ = 0;  // that noted this
};

}  // namespace freshet::load
