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
// move, so that every key lies in exactly one, on either side and whenever it is written. A key that doesn't
// begin with an integer or a uuid makes one window.
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

  const ComparedTable& table_;
  postgres::Connection& source_;
  std::uint64_t rows_;
  bool done_ = false;
  std::optional<std::string> low_;
};

}  // namespace freshet::parity
