// A case's values as a real PostgreSQL has them: in binary, as text, and as what the mirror is compared with.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cases.h"
#include "change/tuple.h"
#include "contract/contract.h"
#include "support/postgres.h"

namespace freshet::test {

using Value = std::optional<std::string>;  // nothing is NULL

struct PostgresRows {
  contract::ColumnContract column;  // "v", nullable
  std::vector<Value> text;          // PostgreSQL's output of v
  std::vector<Value> expected;      // what the mirror must print (see mirror_text.h)
  std::vector<Value> binary;        // its send form; empty when the codec reads this type only as text
};

// Values in order: those given, a NULL, then random ones (seeded).
PostgresRows make_rows(TestDatabase& database, const TypeCase& type, const std::vector<std::string>& values,
                       int random_rows);

Field text_field(const Value& value);
Field binary_field(const Value& value);

}  // namespace freshet::test
