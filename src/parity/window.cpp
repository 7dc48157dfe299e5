#include "parity/window.h"

#include <fmt/format.h>

namespace freshet::parity {
namespace {

bool is_integer(const std::string& type) {
  return type == "bigint" || type == "integer" || type == "smallint";
}

bool can_be_walked(const ComparedTable& table) {
  return is_integer(table.key.front().source_type) || table.key.front().source_type == "uuid";
}

}  // namespace

Windows::Windows(const ComparedTable& table, postgres::Connection& source, std::uint64_t rows)
    : table_(table), source_(source), rows_(rows) {}

std::optional<Window> Windows::next() {
  if (done_) return std::nullopt;
  const std::optional<std::string> high = can_be_walked(table_) ? bound_after(low_) : std::nullopt;
  const Window window = between(low_, high);
  low_ = high;
  done_ = !high.has_value();
  return window;
}

std::optional<std::string> Windows::bound_after(const std::optional<std::string>& from) {
  const std::optional<std::string> bound = key_at(from, ">=", rows_);
  // More rows than a window share the leading column's value: they stay together.
  return from && bound == from ? key_at(from, ">", 0) : bound;
}

std::optional<std::string> Windows::key_at(const std::optional<std::string>& from, std::string_view relation,
                                           std::uint64_t offset) {
  const std::string key = "t." + postgres::quote_identifier(table_.key.front().name);
  const std::string beyond =
      from ? fmt::format(" AND {} {} {}", key, relation, postgres::quote_literal(*from)) : "";
  const postgres::Result found = source_.query(
      fmt::format("SELECT {0} FROM {1} WHERE {0} IS NOT NULL{2} ORDER BY {0} OFFSET {3} LIMIT 1", key,
                  table_.source_from, beyond, offset),
      {}, std::chrono::minutes(5));
  if (found.rows() == 0) return std::nullopt;
  return std::string(found.text(0, 0));
}

// A uuid's order is that of its text; ClickHouse's own order of the type is another one.
Window Windows::between(const std::optional<std::string>& low, const std::optional<std::string>& high) const {
  const ComparedColumn& key = table_.key.front();
  const std::string in_source = "t." + postgres::quote_identifier(key.name);
  const std::string name = clickhouse::quote_identifier(key.name);
  const std::string in_mirror = is_integer(key.source_type) ? name : fmt::format("toString({})", name);
  const auto mirror_literal = [&](const std::string& bound) {
    return is_integer(key.source_type) ? bound : clickhouse::quote_literal(bound);
  };
  Window window;
  if (low) {
    // Without a replica identity a key may be NULL. No mirror has such a row: it must be seen as missing.
    const std::string null_too = high ? "" : fmt::format(" OR {} IS NULL", in_source);
    window.source_where +=
        fmt::format(" AND ({} >= {}{})", in_source, postgres::quote_literal(*low), null_too);
    window.mirror_where += fmt::format(" AND {} >= {}", in_mirror, mirror_literal(*low));
  }
  if (high) {
    window.source_where += fmt::format(" AND {} < {}", in_source, postgres::quote_literal(*high));
    window.mirror_where += fmt::format(" AND {} < {}", in_mirror, mirror_literal(*high));
  }
  return window;
}

}  // namespace freshet::parity
