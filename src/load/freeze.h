// Freezing: what a refresh of models reads, held still. Between two rounds the mirrors are cloned (hard links
// of their parts, some 15 ms a table) into database `frozen`; then load goes on while the models run. A set
// counts once its row in freshet.frozen is there, which comes last.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "load/round_log.h"
#include "load/session.h"

namespace freshet::load {

struct FrozenSet {
  std::string name;  // its tables are frozen.<name>__<mirror>, and frozen.<name>___floors
  std::uint64_t round = 0;
  Lsn cut;
  Micros committed_at = 0;
  std::vector<std::string> mirrors;

  std::string table(const std::string& mirror) const;  // quoted
};

// A refresh may hold load for no longer.
inline constexpr std::chrono::milliseconds kLeaseTime{500};

// Load's thread, between two rounds. Throws Error{capacity} when the lease's time isn't enough: freeze fewer
// tables at once.
FrozenSet freeze(Session& session, const Cut& cut, const std::vector<std::string>& mirrors,
                 const Clock& clock);

// Of any thread, with a connection of its own.
std::vector<FrozenSet> list_frozen(clickhouse::Client& client);
void drop_frozen(clickhouse::Client& client, const FrozenSet& set);

// What was begun and never completed; at load's start.
void drop_unfinished(Session& session);

}  // namespace freshet::load
