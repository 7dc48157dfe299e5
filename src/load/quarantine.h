// Quarantine: changes of a table that break its contract, and whatever came after them for the same keys, in
// order (freshet.quarantine). They are durable there, and leave only by a decision: replayed, superseded by a
// snapshot or a TRUNCATE, or dropped by somebody. In memory is only which keys they hold. One per table;
// load's thread. docs/quarantine.md is for the operator, docs/formats/mirrors.md has the table.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "load/held_keys.h"
#include "load/inserters.h"
#include "load/replay_pass.h"
#include "load/session.h"

namespace freshet::load {

// Why a change is kept aside.
struct Cause {
  std::string reason;  // of one that breaks the contract; empty: it waits behind such a one
  std::string hint;
  bool of_stream = false;  // the stream's shape breaks it: all its keys wait
};

// How a change left.
enum class Outcome { loaded, superseded, dropped };
std::string_view to_string(Outcome outcome);

class Quarantine {
 public:
  // `replay_rows`: of one portion of a replay.
  Quarantine(const Mirror& mirror, std::uint64_t replay_rows) : mirror_(mirror), pass_(mirror, replay_rows) {}

  // As of round `cut`; what a later, unfinished round wrote is taken back.
  void load(Session& session, std::uint64_t cut);

  bool any() const { return count_ > 0; }
  std::uint64_t count() const { return count_; }
  std::uint64_t bytes() const { return bytes_; }  // of values, and a KiB for each change
  const Cause& first_cause() const { return first_; }
  // A change of this key waits in it; for one that is replayed: one that was replayed before it stays.
  bool holds(std::string_view key, bool replayed) const {
    return replayed ? met_.contains(key) : unsettled_ || keys_.contains(key);
  }

  // One more.
  void add(std::string_view key, std::string_view donor, const Batch::Record& record, Cause cause,
           std::uint64_t round);
  // A change of the portion that is being replayed stays; or leaves.
  void keep(std::string_view key, std::string_view donor, const Batch::Record& record, Cause cause,
            std::uint64_t round);
  void leaves(const Batch::Record& record, Outcome outcome, std::uint64_t round);
  // What the two have written since: to be sent with the rows of the same batch. The second after them.
  std::string take_added() { return std::exchange(added_, {}); }
  std::size_t added_bytes() const { return added_.size(); }
  std::string take_left() { return std::exchange(left_, {}); }
  static Insert insert(std::string rows);
  void forget_rows() {
    added_.clear();
    left_.clear();
  }

  // Whatever is below `version` leaves: something newer has all of it. Where last values are kept, those of
  // keys that ended, or go on above it, stay unless the mirror has something newer of them; and so does what
  // a TRUNCATE at `floor` has ended. May be repeated.
  void settle_below(Session& session, Version version, Version floor, std::uint64_t round);

  // Likewise, but only of keys that the mirror has something of from `version` on: where a reading didn't see
  // all, or its sweep asks.
  void settle_seen(Session& session, Version version, Version floor, std::uint64_t round);

  // An operator's decision, on some changes or on all of them; the note is kept. How many left. Error{config}
  // where one of them isn't there: then none leaves.
  struct Drop {
    std::vector<std::string> ids;  // none: all (quarantined.h)
    std::string note;
  };
  std::uint64_t drop(Session& session, const Drop& drop, std::uint64_t round);

  // Replay: a pass (replay_pass.h) takes all of it up again, one portion a round. Until its end what comes
  // waits as before, and is reached by it.
  void begin_replay();
  bool replaying() const { return pass_.under_way(); }
  const std::vector<HeldChange>& next_portion(Session& session, HeldSchemas& schemas) {
    return pass_.next(session, schemas);
  }
  void forget_portion() { pass_.forget_portion(); }
  // When the last portion is in the mirror, or waits again.
  bool replayed_all() const { return pass_.complete(); }
  void end_replay(Session& session);

  // The keys that a snapshot of this version leaves alone, as a SELECT: those that wait from it on are alive
  // whatever it found; and where last values are kept, those that ended below it have theirs here.
  std::string spared_by(Version version) const;

 private:
  void look(Session& session);
  void require_there(Session& session, const Drop& drop) const;
  std::string newest(std::string_view columns) const;
  std::string seen_from(Version version) const;
  void supersede(Session& session, const std::string& which, std::uint64_t round);
  std::string ended_below(Version version) const;
  void append(std::string_view key, std::string_view donor, const Batch::Record& record, const Cause& cause,
              std::uint64_t round);
  void count(const Batch::Record& record);

  const Mirror& mirror_;
  std::uint64_t count_ = 0;
  std::uint64_t bytes_ = 0;
  Cause first_;
  HeldKeys keys_;
  // Some are held by keys that a contract since mended may tell otherwise: until a pass has seen all of them
  // everything waits.
  bool unsettled_ = false;
  std::string added_;
  std::string left_;

  ReplayPass pass_;
  HeldKeys met_;     // of what it left here
  Cause met_cause_;  // of the first of these
};

}  // namespace freshet::load
