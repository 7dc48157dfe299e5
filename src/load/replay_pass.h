// ReplayPass: one way through what is in a table's quarantine, from the lowest version up, in portions of a
// limited size, over as many rounds as it takes. What comes into quarantine meanwhile is above, and is
// reached before its end. Load's thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "load/held_change.h"
#include "load/mirror.h"
#include "load/session.h"

namespace freshet::load {

class ReplayPass {
 public:
  // Why a change waited so far.
  struct Before {
    std::string reason;
    bool of_stream = false;
  };

  // `rows`: of a portion; but changes of one version stay together, unless a snapshot read them.
  ReplayPass(const Mirror& mirror, std::uint64_t rows) : mirror_(mirror), rows_(rows) {}

  void begin();
  bool under_way() const { return under_way_; }
  void end();

  // The next portion, in order. The halves of a key change: first the old key's.
  const std::vector<HeldChange>& next(Session& session, HeldSchemas& schemas);
  void forget_portion() {
    portion_ = {};
    before_ = {};
  }
  // Nothing was above the last one.
  bool complete() const { return complete_; }
  // Changes of this version are behind it, all or some.
  bool has_reached(Version version) const { return under_way_ && version <= reached_.version; }

  const HeldChange& change(std::size_t index) const { return portion_[index]; }
  const Before& before(std::size_t index) const { return before_[index]; }

 private:
  // After a change. Of a stream's version always after all of it.
  struct Place {
    Version version;
    std::string key;
  };

  static std::string up_to(const Place& place);
  std::string above() const;
  std::optional<Place> guess(Session& session) const;
  bool find_end(Session& session, const std::string& range, Place& end) const;

  const Mirror& mirror_;
  const std::uint64_t rows_;
  bool under_way_ = false;
  bool complete_ = false;
  Place reached_;
  std::vector<HeldChange> portion_;
  std::vector<Before> before_;
};

}  // namespace freshet::load
