// Random tables and what happens to them, as plain values that say their own SQL: drawn by RapidCheck,
// printed when a case fails, played by random_history_test.cpp.
#pragma once

#include <rapidcheck.h>

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "line/random_table.h"

namespace freshet::test {

struct RandomChange {
  enum class Kind { insert, insert_many, update, update_doc, update_price, move, remove, truncate };
  Kind kind = Kind::insert;
  std::size_t table = 0;
  int id = 0;
  int other_id = 0;        // where a row is moved to
  std::uint32_t pick = 0;  // of the column and its value
};

// What happens between two savepoints, and whether it is rolled back to the first.
struct RandomPart {
  bool kept = true;
  std::vector<RandomChange> changes;
};

struct RandomTransaction {
  bool committed = true;
  std::vector<RandomPart> parts;
};

struct RandomStep {
  enum class Kind {
    transaction,
    alteration,  // of a table, in the midst of a transaction
    snapshot,
    pause,
    resume,
    replay,
    follow,  // the contracts what the tables have become
    kill,
    kill_store,
  };
  Kind kind = Kind::transaction;
  RandomTransaction transaction;
  RandomAlteration alteration;
  std::size_t table = 0;
};

inline bool changes_the_source(const RandomStep& step) {
  return step.kind == RandomStep::Kind::transaction || step.kind == RandomStep::Kind::alteration;
}

struct RandomHistory {
  std::vector<RandomTable> tables;        // as they are now
  std::vector<RandomTransaction> before;  // the line's first start
  std::vector<RandomStep> steps;          // while it runs, from its first snapshot on

  std::string schema() const;
  std::string sql(const RandomTransaction& transaction) const;
  // From then on the tables are as it leaves them.
  std::string sql(const RandomStep& step);
};

rc::Gen<RandomHistory> random_history();

std::ostream& operator<<(std::ostream& out, const RandomHistory& history);

}  // namespace freshet::test
