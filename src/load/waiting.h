// Waiting: changes of a table whose missing values only its running snapshot can bring (freshet.waiting).
// They are durable there; in memory is only which keys they concern. One per table; load's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "change/change.h"
#include "load/held_change.h"
#include "load/inserters.h"
#include "load/mirror.h"
#include "load/session.h"

namespace freshet::load {

class Waiting {
 public:
  explicit Waiting(const Mirror& mirror) : mirror_(mirror) {}

  // What waited when round `cut` was recorded; what a later, unfinished round changed is taken back.
  void load(Session& session, std::uint64_t cut);
  // Removes what was resolved before `round`.
  void forget_done(Session& session, std::uint64_t round);

  bool any() const { return count_ > 0; }
  std::uint64_t count() const { return count_; }
  // Something may wait for this key: false positives only cost a look.
  bool concerns(std::string_view key) const { return keys_.contains(std::hash<std::string_view>{}(key)); }

  // All that waits, as of the cut of `round` (0: nothing is recorded yet): it will be read.
  void give_up(Session& session, std::uint64_t round);

  // What waits for any of these keys, and in turn for what those wait for. Nothing when it is larger.
  std::optional<std::vector<HeldChange>> recall(Session& session, std::span<const std::string> keys,
                                                HeldSchemas& schemas, std::size_t bytes_max) const;
  // At most `limit` of the keys of all that waits, above `after`.
  std::vector<std::string> keys(Session& session, const std::string& after, std::size_t limit) const;
  // Likewise, of each key the first change that has a row. Nothing when they are larger.
  std::optional<std::vector<HeldChange>> first_rows(Session& session, const std::string& after,
                                                    std::size_t limit, HeldSchemas& schemas,
                                                    std::size_t bytes_max) const;

  void begins(std::string_view key, std::string_view donor);
  void ends();

  // The keys of all that waits, as a SELECT.
  std::string keys_in_sql() const { return "SELECT key FROM freshet.waiting WHERE " + open(); }

  // One row of freshet.waiting, in RowBinary. `done`: it has been resolved in this round.
  static void append_row(std::string& to, const Mirror& mirror, std::string_view key, std::string_view donor,
                         const Batch::Record& record, std::uint64_t round, bool done);
  static Insert insert(std::string rows);

 private:
  std::string open() const;

  const Mirror& mirror_;
  std::unordered_set<std::size_t> keys_;  // hashes
  std::uint64_t count_ = 0;
};

}  // namespace freshet::load
