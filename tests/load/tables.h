// The tables that the tests of load stream: one with tombstones, one that keeps what was deleted, one read
// periodically. All have the same columns.
#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "change/schema.h"
#include "contract/contract.h"

namespace freshet::test {

inline constexpr const char* kUnchanged = "\1unchanged";  // instead of a value: not sent

// One row as PostgreSQL prints it; nothing: NULL.
struct Row {
  std::int64_t id = 0;
  std::optional<std::string> name = {};
  std::optional<std::string> doc = {};  // the one that may be out of line
  std::optional<std::string> amount = {};

  friend auto operator<=>(const Row&, const Row&) = default;
};

void PrintTo(const Row& row, std::ostream* to);

contract::StreamContract contract_of(const std::string& table,
                                     contract::OnDelete on_delete = contract::OnDelete::tombstone);
contract::StreamContract periodic_contract(const std::string& table);
// items, keeps (on_delete: keep) and rates (periodic).
std::vector<contract::StreamContract> all_contracts();

// Likewise; a change that breaks one stops its stream.
std::vector<contract::StreamContract> halting_contracts();
// That take a NaN for NULL.
std::vector<contract::StreamContract> lenient_contracts();

TableSchema schema_of(const std::string& table);
std::string tuple_of(const Row& row);
// Only the key.
std::string key_tuple_of(std::int64_t id);

}  // namespace freshet::test
