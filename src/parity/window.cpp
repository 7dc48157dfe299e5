#include "parity/window.h"

#include <fmt/format.h>

#include <regex>

namespace freshet::parity {
namespace {

// What the mirror's days and instants can hold: no year below 1900 or above 2299, and no infinity. It is in
// no mirror; the bounds end before it.
bool has_place(const std::string& bound) {
  static const std::regex legal(R"((19|2[0-2])\d\d-\d\d-\d\d( [0-9:.]+)?(\+00)?)");
  return std::regex_match(bound, legal);
}

}  // namespace

Windows::Windows(const ComparedTable& table, postgres::Connection& source, std::uint64_t rows)
    : table_(table), order_(order_of(table)), source_(source), rows_(rows) {}

Windows::Order Windows::order_of(const ComparedTable& table) {
  const std::string& source = table.key.front().source_type;
  const std::string& mirror = table.key.front().mirror_type;
  if (source == "bigint" || source == "integer" || source == "smallint")
    return mirror == "String" ? Order::digits : Order::number;
  if (source == "uuid") return Order::uuid;
  if (source == "date" && mirror == "Date32") return Order::day;
  if (source.starts_with("timestamp ") && mirror == "DateTime64(6, 'UTC')") return Order::instant;
  if ((source == "text" || source == "character varying") && table.key_in_byte_order) return Order::bytes;
  return Order::none;
}

std::optional<Window> Windows::next() {
  if (done_) return std::nullopt;
  const std::optional<std::string> high = order_ != Order::none ? bound_after(low_) : std::nullopt;
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
  std::string bound(found.text(0, 0));
  if ((order_ == Order::day || order_ == Order::instant) && !has_place(bound)) return std::nullopt;
  return bound;
}

std::string Windows::in_mirror(std::string_view relation, const std::string& bound) const {
  const std::string name = clickhouse::quote_identifier(table_.key.front().name);
  const std::string text = clickhouse::quote_literal(bound);
  switch (order_) {
    case Order::number: return fmt::format("{} {} {}", name, relation, bound);
    case Order::digits: return fmt::format("toInt64({}) {} {}", name, relation, bound);
    // A uuid's order is that of its text; ClickHouse's own order of the type is another one.
    case Order::uuid: return fmt::format("toString({}) {} {}", name, relation, text);
    case Order::day: return fmt::format("{} {} toDate32({})", name, relation, text);
    case Order::instant:
      return fmt::format("{} {} toDateTime64({}, 6, 'UTC')", name, relation,
                         clickhouse::quote_literal(bound.substr(0, bound.find('+'))));
    case Order::bytes: return fmt::format("{} {} {}", name, relation, text);
    case Order::none: break;
  }
  return "1";
}

Window Windows::between(const std::optional<std::string>& low, const std::optional<std::string>& high) const {
  const std::string in_source = "t." + postgres::quote_identifier(table_.key.front().name);
  Window window;
  if (low) {
    // Without a replica identity a key may be NULL. No mirror has such a row: it must be seen as missing.
    const std::string null_too = high ? "" : fmt::format(" OR {} IS NULL", in_source);
    window.source_where +=
        fmt::format(" AND ({} >= {}{})", in_source, postgres::quote_literal(*low), null_too);
    window.mirror_where += " AND " + in_mirror(">=", *low);
  }
  if (high) {
    window.source_where += fmt::format(" AND {} < {}", in_source, postgres::quote_literal(*high));
    window.mirror_where += " AND " + in_mirror("<", *high);
  }
  return window;
}

}  // namespace freshet::parity
