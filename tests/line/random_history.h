// Random tables and what happens to them, as plain values that say their own SQL: drawn by RapidCheck,
// printed when a case fails, played by random_history_test.cpp.
#pragma once

#include <rapidcheck.h>

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "types/cases.h"

namespace freshet::test {

struct RandomColumn {
  std::string name;
  TypeCase type;
  bool nullable = true;
};

// Its key is made from a whole number, its column `doc` holds text that is stored outside of the row.
struct RandomTable {
  std::string name;
  std::size_t key = 0;      // one of the kinds of keys
  bool second_key = false;  // another column in the key
  char identity = 'd';      // as pg_class.relreplident has it: d, f, i
  std::vector<RandomColumn> columns;

  std::string create() const;
};

struct RandomChange {
  enum class Kind { insert, insert_many, update, update_doc, move, remove, truncate };
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
  enum class Kind { transaction, snapshot, kill, kill_store };
  Kind kind = Kind::transaction;
  RandomTransaction transaction;
  std::size_t table = 0;  // that is read again
};

struct RandomHistory {
  std::vector<RandomTable> tables;
  std::vector<RandomTransaction> before;  // the line's first start
  std::vector<RandomStep> steps;          // while it runs, from its first snapshot on

  std::string schema() const;
  std::string sql(const RandomTransaction& transaction) const;
};

rc::Gen<RandomHistory> random_history();

std::ostream& operator<<(std::ostream& out, const RandomHistory& history);

}  // namespace freshet::test
