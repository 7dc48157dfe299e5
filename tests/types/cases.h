// Every type of docs/types.md with values at its limits, and how to make random ones. A table of data: the
// tests beside it run each line through the codec.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "contract/contract.h"

namespace freshet::test {

struct TypeCase {
  std::string type;                 // as a column's type in CREATE TABLE
  std::vector<std::string> values;  // SQL expressions that the mirror holds exactly
  std::string random = {};          // SQL expression over g = 1, 2, ...; empty: none
  std::vector<std::pair<std::string, std::string>> unfit = {};  // SQL expression, word of the reason
  std::optional<std::string> clickhouse_type = {};              // the contract's
};

// Types, domains and extensions that the cases need; run once in a test's database.
extern const std::string kTypesSetup;

const std::vector<TypeCase>& type_cases();

// As docs/types.md lists what is read as text only.
bool has_binary_form(const TypeCase& type);

}  // namespace freshet::test
