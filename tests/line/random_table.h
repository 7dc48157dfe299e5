// A random table as a plain value that says its own SQL: its key, its columns, its partitions, and what is
// done to its shape. Drawn by RapidCheck for random_history.h.
#pragma once

#include <rapidcheck.h>

#include <cstdint>
#include <string>
#include <vector>

#include "types/cases.h"

namespace freshet::test {

struct RandomColumn {
  std::string name;
  TypeCase type;
  bool nullable = true;
};

// Of a column beside the key; of a table in partitions also of these.
struct RandomAlteration {
  enum class Kind { add, drop, rename, retype, renew, swap_partition, truncate_partition };
  Kind kind = Kind::add;
  RandomColumn column;     // that is added, or whose name another one gets
  bool filled = false;     // what is added, by its default
  std::uint32_t pick = 0;  // of the column that it concerns
};

// Its key is made from a whole number. Its column `doc` holds text that is stored outside of the row, `price`
// now and then what has no place in the mirror.
struct RandomTable {
  std::string name;            // its last byte is a digit, its own
  std::size_t key = 0;         // one of the kinds of keys
  bool second_key = false;     // another column in the key
  bool in_partitions = false;  // by the second one
  char identity = 'd';         // as pg_class.relreplident has it: d, f, i
  std::vector<RandomColumn> columns;
  int columns_ever = 0;    // names are unique by the number behind
  bool has_aside = false;  // a table that was a partition, or will be one

  std::string create() const;
  // What does it; from then on the table is like that.
  std::string alter(const RandomAlteration& alteration);
  // Both columns of the key, as a list; their values for the number, SQL, too.
  std::string key_columns() const;
  std::string key_of(const std::string& number) const;
  std::string has_key(int number) const;
  void add(RandomColumn column);

 private:
  std::string part(const char* of) const;
  std::string alter_column(const RandomAlteration& alteration);
  std::string swap_partition(std::uint32_t pick);
  std::string of_all(const std::string& actions) const;
};

// A value at a limit, a random one, or NULL; SQL over g.
std::string value_of(const RandomColumn& column, std::uint32_t pick);

// All tables of a history, or none, can be read in binary form: a slot has one form.
rc::Gen<RandomTable> random_table(bool binary);
rc::Gen<RandomAlteration> random_alteration();

}  // namespace freshet::test
