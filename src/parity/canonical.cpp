#include "parity/canonical.h"

#include <fmt/format.h>

#include <charconv>

#include "adapter/clickhouse/quote.h"
#include "adapter/postgres/connection.h"
#include "base/error.h"
#include "change/text/calendar.h"

namespace freshet::parity {
namespace {

bool unwrap(std::string_view& type, std::string_view wrapper) {
  if (!type.starts_with(wrapper) || !type.ends_with(')') || type[wrapper.size()] != '(') return false;
  type = type.substr(wrapper.size() + 1, type.size() - wrapper.size() - 2);
  return true;
}

std::string_view bare(std::string_view mirror_type) {
  unwrap(mirror_type, "LowCardinality");
  unwrap(mirror_type, "Nullable");
  return mirror_type;
}

// How a value is written, decided by the mirror's type: it is the narrower of the two.
enum class Writing { text, hex, float_bits, decimal, days, micros };

Writing writing_of(std::string_view mirror, std::string_view source, const std::string& column) {
  if (mirror == "String") return source == "bytea" ? Writing::hex : Writing::text;
  if (mirror.starts_with("Int") || mirror.starts_with("UInt") || mirror == "Bool" || mirror == "UUID")
    return Writing::text;
  if (mirror.starts_with("Float")) return Writing::float_bits;
  if (mirror.starts_with("Decimal")) return Writing::decimal;
  if (mirror == "Date32" || mirror == "Date") return Writing::days;
  if (mirror.starts_with("DateTime64(6")) return Writing::micros;
  throw Error(ErrorKind::unsupported,
              fmt::format("column {}: {} in PostgreSQL and {} in ClickHouse have no common text", column,
                          source, mirror),
              "parity can't judge this column; map it to another type in its contract");
}

// PostgreSQL's own text of any type is what format() writes; a cast to text would strip the blanks of
// char(n).
std::string source_value(Writing writing, std::string_view type, std::string_view value, bool unfit_is_null) {
  // What the mirror can't hold is NULL there where the contract says so, and else is different from all it
  // has.
  const auto finite = [&](std::string sql) {
    return unfit_is_null ? fmt::format("CASE WHEN isfinite({}) AND {} THEN {} END", value,
                                       fmt::format("{0} >= '1900-01-01' AND {0} < '2300-01-01'", value), sql)
                         : fmt::format("CASE WHEN isfinite({0}) THEN {1} ELSE {0}::text END", value, sql);
  };
  switch (writing) {
    case Writing::text: return fmt::format("format('%s', {})", value);
    case Writing::hex: return fmt::format("encode({}, 'hex')", value);
    case Writing::float_bits:
      return fmt::format("encode({}({}), 'hex')", type == "real" ? "float4send" : "float8send", value);
    case Writing::decimal:
      if (unfit_is_null) {
        return fmt::format(
            "CASE WHEN {0} NOT IN ('NaN', 'Infinity', '-Infinity') THEN trim_scale({0})::text END", value);
      }
      return fmt::format("trim_scale({})::text", value);
    case Writing::days: return finite(fmt::format("({}::date - date '1970-01-01')::text", value));
    case Writing::micros:
      return finite(fmt::format("(extract(epoch FROM {}) * 1000000)::bigint::text", value));
  }
  return {};
}

std::string mirror_value(Writing writing, std::string_view type, std::string_view value) {
  switch (writing) {
    case Writing::text:
      return type == "Bool" ? fmt::format("if({0} IS NULL, NULL, if({0}, 't', 'f'))", value)
                            : fmt::format("toString({})", value);
    case Writing::hex: return fmt::format("lower(hex({}))", value);
    case Writing::float_bits:
      return type == "Float32" ? fmt::format("leftPad(lower(hex(reinterpretAsUInt32({}))), 8, '0')", value)
                               : fmt::format("leftPad(lower(hex(reinterpretAsUInt64({}))), 16, '0')", value);
    case Writing::decimal: return fmt::format("toString({})", value);
    case Writing::days: return fmt::format("toString(toInt32({}))", value);
    case Writing::micros: return fmt::format("toString(toUnixTimestamp64Micro({}))", value);
  }
  return {};
}

std::string prefixed_in_source(std::string_view text) {
  return fmt::format("coalesce((SELECT length(v)::text || ':' || v FROM (SELECT {} AS v) x), 'N')", text);
}

std::string prefixed_in_mirror(std::string_view text) {
  return fmt::format("ifNull(concat(toString(lengthUTF8({0})), ':', {0}), 'N')", text);
}

bool is_array(const ComparedColumn& column, std::string_view& element) {
  element = column.mirror_type;
  if (!unwrap(element, "Array")) return false;
  element = bare(element);
  return true;
}

// The bytes of the first `characters` characters of UTF-8 text.
std::size_t bytes_of(std::string_view text, std::size_t characters) {
  std::size_t at = 0;
  for (; characters > 0 && at < text.size(); --characters) {
    do ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80);
  }
  return at;
}

// A number of days or microseconds as PostgreSQL prints what it stands for; what isn't one ("infinity") as it
// is.
void append_readable(std::string& to, const ComparedColumn& column, std::string_view value) {
  const Writing writing = writing_of(bare(column.mirror_type), column.source_type, column.name);
  std::int64_t number = 0;
  const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), number);
  const bool is_number = failed == std::errc() && end == value.data() + value.size();
  if (writing == Writing::days && is_number) return pg_text::append_date(to, number);
  if (writing == Writing::micros && is_number) {
    std::int64_t days = number / pg_text::kMicrosPerDay;
    if (days * pg_text::kMicrosPerDay > number) --days;
    return pg_text::append_timestamp(to, {days, number - days * pg_text::kMicrosPerDay},
                                     column.source_type == "timestamp with time zone");
  }
  if (writing == Writing::hex) to += "\\x";
  to += value;
}

// The first of several values' canonical text, "<length>:<value>", taken off it; nothing where there is none.
std::optional<std::string_view> take_value(std::string_view& canonical) {
  std::size_t length = 0;
  const auto [end, failed] = std::from_chars(canonical.data(), canonical.data() + canonical.size(), length);
  const auto start = static_cast<std::size_t>(end - canonical.data()) + 1;
  if (failed != std::errc() || start > canonical.size()) return std::nullopt;
  const std::size_t bytes = bytes_of(canonical.substr(start), length);
  const std::string_view value = canonical.substr(start, bytes);
  canonical.remove_prefix(start + bytes);
  return value;
}

std::string_view element_type(std::string_view source_type) {
  if (source_type.ends_with("[]")) source_type.remove_suffix(2);
  return source_type;
}

}  // namespace

std::string source_text(const ComparedColumn& column) {
  const std::string name = "t." + postgres::quote_identifier(column.name);
  std::string_view element;
  if (!is_array(column, element)) {
    const std::string_view mirror = bare(column.mirror_type);
    const Writing writing = writing_of(mirror, column.source_type, column.name);
    // format() would write NULL as an empty text.
    return fmt::format(
        "CASE WHEN {} IS NULL THEN 'N' ELSE {} END", name,
        prefixed_in_source(source_value(writing, column.source_type, name, column.unfit_is_null)));
  }
  const std::string_view type = element_type(column.source_type);
  const Writing writing = writing_of(element, type, column.name);
  return fmt::format(
      "CASE WHEN {0} IS NULL THEN 'N' ELSE CASE WHEN array_ndims({0}) > 1 OR array_lower({0}, 1) <> 1 THEN "
      "array_dims({0}) ELSE cardinality({0})::text END || '[' || coalesce((SELECT string_agg(CASE "
      "WHEN e IS NULL "
      "THEN 'N' ELSE {1} END, '' ORDER BY i) FROM unnest({0}) WITH ORDINALITY AS u(e, i)), '') || ']' END",
      name, prefixed_in_source(source_value(writing, type, "e", column.unfit_is_null)));
}

std::string mirror_text(const ComparedColumn& column) {
  const std::string name = clickhouse::quote_identifier(column.name);
  std::string_view element;
  if (!is_array(column, element)) {
    const std::string_view mirror = bare(column.mirror_type);
    return prefixed_in_mirror(
        mirror_value(writing_of(mirror, column.source_type, column.name), mirror, name));
  }
  const Writing writing = writing_of(element, element_type(column.source_type), column.name);
  std::string array =
      fmt::format("concat(toString(length({0})), '[', arrayStringConcat(arrayMap(e -> {1}, {0})), ']')", name,
                  prefixed_in_mirror(mirror_value(writing, element, "e")));
  if (!column.null_companion) return array;
  return fmt::format("if({}, 'N', {})", clickhouse::quote_identifier(column.name + "__null"), array);
}

std::string source_text(const std::vector<ComparedColumn>& columns) {
  std::string sql;
  for (const ComparedColumn& column : columns) sql += (sql.empty() ? "" : " || ") + source_text(column);
  return sql;
}

std::string mirror_text(const std::vector<ComparedColumn>& columns) {
  std::string sql = "concat('', ''";
  for (const ComparedColumn& column : columns) sql += ", " + mirror_text(column);
  return sql + ")";
}

std::string source_literal(const ComparedColumn& column, const std::optional<std::string>& text) {
  const Writing writing = writing_of(bare(column.mirror_type), column.source_type, column.name);
  // What is written as its text anyway needs no type, whose modifier would be missing here: char(n).
  return fmt::format("{}::{}", text ? postgres::quote_literal(*text) : "NULL",
                     writing == Writing::text ? "text" : column.source_type);
}

std::optional<std::vector<std::string>> source_values(std::string_view canonical,
                                                      const std::vector<ComparedColumn>& columns) {
  std::vector<std::string> values;
  for (const ComparedColumn& column : columns) {
    const std::optional<std::string_view> value = take_value(canonical);
    std::string_view element;
    if (!value || is_array(column, element)) return std::nullopt;
    append_readable(values.emplace_back(), column, *value);
  }
  if (!canonical.empty()) return std::nullopt;
  return values;
}

std::string readable(std::string_view canonical, const std::vector<ComparedColumn>& columns) {
  std::string text;
  for (const ComparedColumn& column : columns) {
    if (canonical.empty()) break;
    if (!text.empty()) text += ", ";
    const std::optional<std::string_view> value = take_value(canonical);
    if (!value) break;
    append_readable(text, column, *value);
  }
  return text + std::string(canonical);
}

}  // namespace freshet::parity
