// Waiting: changes of a table whose missing values only its running snapshot can bring (freshet.waiting).
// They are durable there; in memory is only which keys they concern. One per table; load's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "change/change.h"
#include "load/batch.h"
#include "load/inserters.h"
#include "load/mirror.h"
#include "load/session.h"

namespace freshet::load {

class Waiting {
 public:
  // A change that waits, with all it needs to be taken up again.
  struct Entry {
    std::string key;
    std::string donor;  // the key whose values it needs: the old one on a key change
    Op op = Op::update;
    Version version;
    Micros committed_at = 0;
    TableSchema schema;
    std::string old;
    std::string row;
  };

  explicit Waiting(const Mirror& mirror) : mirror_(mirror) {}

  // What waited when round `cut` was recorded; what a later, unfinished round changed is taken back.
  void load(Session& session, std::uint64_t cut);
  // Removes what was resolved before `round`.
  void forget_done(Session& session, std::uint64_t round);

  bool any() const { return count_ > 0; }
  std::uint64_t count() const { return count_; }
  // Something may wait for this key: false positives only cost a look.
  bool concerns(std::string_view key) const { return keys_.contains(std::hash<std::string_view>{}(key)); }

  // What waits for any of these keys, and in turn for what those wait for.
  std::vector<Entry> recall(Session& session, std::span<const std::string> keys) const;
  // At most `limit` of the keys of all that waits, above `after`.
  std::vector<std::string> keys(Session& session, const std::string& after, std::size_t limit) const;

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
