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
  const std::string key = postgres::quote_identifier(table_.key.front().name);
  const std::string where = from ? fmt::format("WHERE {} >= {}", key, postgres::quote_literal(*from)) : "";
  const postgres::Result bound =
      source_.query(fmt::format("SELECT {0} FROM {1} {2} ORDER BY {0} OFFSET {3} LIMIT 1", key,
                                table_.source_from, where, rows_),
                    {}, std::chrono::minutes(5));
  if (bound.rows() == 0) return std::nullopt;
  std::string text(bound.text(0, 0));
  // More rows than a window share the leading column's value: they stay together.
  if (from == text) return std::nullopt;
  return text;
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
    window.source_where += fmt::format(" AND {} >= {}", in_source, postgres::quote_literal(*low));
    window.mirror_where += fmt::format(" AND {} >= {}", in_mirror, mirror_literal(*low));
  }
  if (high) {
    window.source_where += fmt::format(" AND {} < {}", in_source, postgres::quote_literal(*high));
    window.mirror_where += fmt::format(" AND {} < {}", in_mirror, mirror_literal(*high));
  }
  return window;
}

}  // namespace freshet::parity
