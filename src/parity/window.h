// Ranges of a table's leading key column, so that one statement on the source reads a bounded number of rows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "adapter/postgres/connection.h"
#include "parity/columns.h"

namespace freshet::parity {

// Conditions that select the same keys on either side.
struct Window {
  std::string source_where = "true";
  std::string mirror_where = "1";
};

// Walks the source's key index; the first window has no lower and the last no upper bound, and bounds don't
// move, so that every key lies in exactly one, on either side and whenever it is written. A key is walked
// where both sides sort its first column alike: an integer, a uuid, a date, a timestamp, a text of collation
// C. Any other makes one window, as do days and instants that the mirror has as text.
class Windows {
 public:
  Windows(const ComparedTable& table, postgres::Connection& source, std::uint64_t rows);

  std::optional<Window> next();

 private:
  std::optional<std::string> bound_after(const std::optional<std::string>& from);
  // The key `offset` rows after the first one that is `relation` (>=, >) `from`.
  std::optional<std::string> key_at(const std::optional<std::string>& from, std::string_view relation,
                                    std::uint64_t offset);
  Window between(const std::optional<std::string>& low, const std::optional<std::string>& high) const;
  // "<column> <relation> <bound>" in the mirror's SQL.
  std::string in_mirror(std::string_view relation, const std::string& bound) const;

  // What the first column's order is told by.
  enum class Order : std::uint8_t { none, number, digits, uuid, day, instant, bytes };
  static Order order_of(const ComparedTable& table);

  const ComparedTable& table_;
  const Order order_;
  postgres::Connection& source_;
  std::uint64_t rows_;
  bool done_ = false;
  std::optional<std::string> low_;
};

}  // namespace freshet::parity
