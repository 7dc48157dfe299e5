#include "load/types/mirror_type.h"

#include <fmt/format.h>

#include <optional>

#include "adapter/clickhouse/quote.h"
#include "base/error.h"

namespace freshet::load {
namespace {

constexpr int kMaxDecimalDigits = 76;

MirrorType decimal_or_string(int precision, int scale) {
  // A scale above the precision leaves only leading zeros after the point; a negative one rounds to tens.
  if (scale > precision) precision = scale;
  if (scale < 0) {
    precision -= scale;
    scale = 0;
  }
  if (precision < 1 || precision > kMaxDecimalDigits) return {.kind = MirrorKind::string};
  return {.kind = MirrorKind::decimal, .precision = precision, .scale = scale};
}

MirrorType rule_for(TypeKind kind, int precision, int scale) {
  switch (kind) {
    case TypeKind::boolean: return {.kind = MirrorKind::boolean};
    case TypeKind::int2: return {.kind = MirrorKind::int16};
    case TypeKind::int4: return {.kind = MirrorKind::int32};
    case TypeKind::int8: return {.kind = MirrorKind::int64};
    case TypeKind::float4: return {.kind = MirrorKind::float32};
    case TypeKind::float8: return {.kind = MirrorKind::float64};
    case TypeKind::numeric: return decimal_or_string(precision, scale);
    case TypeKind::enumeration: return {.kind = MirrorKind::low_cardinality};
    case TypeKind::uuid: return {.kind = MirrorKind::uuid};
    case TypeKind::date: return {.kind = MirrorKind::date32};
    case TypeKind::timestamp:
    case TypeKind::timestamptz: return {.kind = MirrorKind::datetime64};
    case TypeKind::text:
    case TypeKind::time:
    case TypeKind::timetz:
    case TypeKind::interval:
    case TypeKind::json:
    case TypeKind::jsonb:
    case TypeKind::bytea:
    case TypeKind::inet:
    case TypeKind::cidr:
    case TypeKind::macaddr:
    case TypeKind::array:
    case TypeKind::other: return {.kind = MirrorKind::string};
  }
  return {.kind = MirrorKind::string};
}

MirrorType rule_for(const PgType& type) {
  if (type.kind != TypeKind::array) return rule_for(type.kind, type.precision, type.scale);
  MirrorType array = rule_for(type.element, type.precision, type.scale);
  array.element = array.kind == MirrorKind::low_cardinality ? MirrorKind::string : array.kind;
  array.kind = MirrorKind::array;
  return array;
}

// "Decimal(38,6)", with any spaces.
std::optional<MirrorType> parse_decimal(std::string_view name) {
  int precision = 0;
  int scale = 0;
  int length = 0;
  const std::string text(name);
  if (std::sscanf(text.c_str(), "Decimal ( %d , %d ) %n", &precision, &scale, &length) != 2 ||
      length != static_cast<int>(text.size()) || precision < 1 || precision > kMaxDecimalDigits ||
      scale < 0 || scale > precision)
    return std::nullopt;
  return MirrorType{.kind = MirrorKind::decimal, .precision = precision, .scale = scale};
}

std::optional<MirrorType> parse_type(std::string_view name) {
  if (name == "String") return MirrorType{.kind = MirrorKind::string};
  if (name == "LowCardinality(String)") return MirrorType{.kind = MirrorKind::low_cardinality};
  if (name == "Int32") return MirrorType{.kind = MirrorKind::int32};
  if (name == "Int64") return MirrorType{.kind = MirrorKind::int64};
  return parse_decimal(name);
}

bool holds(const MirrorType& wanted, const PgType& type) {
  switch (wanted.kind) {
    case MirrorKind::string: return true;  // as PostgreSQL prints it
    case MirrorKind::low_cardinality:
      return type.kind == TypeKind::text || type.kind == TypeKind::enumeration;
    case MirrorKind::decimal: return type.kind == TypeKind::numeric;
    case MirrorKind::int32: return type.kind == TypeKind::int2 || type.kind == TypeKind::int4;
    case MirrorKind::int64:
      return type.kind == TypeKind::int2 || type.kind == TypeKind::int4 || type.kind == TypeKind::int8;
    case MirrorKind::boolean:
    case MirrorKind::int16:
    case MirrorKind::float32:
    case MirrorKind::float64:
    case MirrorKind::uuid:
    case MirrorKind::date32:
    case MirrorKind::datetime64:
    case MirrorKind::array: return false;
  }
  return false;
}

MirrorType chosen_type(const contract::ColumnContract& column, std::string_view name) {
  if (name == "JSON")
    throw Error(ErrorKind::unsupported,
                fmt::format("column '{}' can't be JSON in its mirror: ClickHouse's JSON alters documents",
                            column.name),
                "leave it a String, and cast it in a model: payload::JSON");
  const std::optional<MirrorType> wanted = parse_type(name);
  if (wanted && holds(*wanted, column.type)) return *wanted;
  throw Error(
      ErrorKind::config,
      fmt::format("column '{}' of type {} can't be a {} in its mirror", column.name, column.type.name, name),
      "clickhouse_type may be String for any type, Decimal(p,s) for numeric, "
      "LowCardinality(String) for text, Int32 or Int64 for smaller integers");
}

std::string bare_name(const MirrorType& type, MirrorKind kind) {
  switch (kind) {
    case MirrorKind::boolean: return "Bool";
    case MirrorKind::int16: return "Int16";
    case MirrorKind::int32: return "Int32";
    case MirrorKind::int64: return "Int64";
    case MirrorKind::float32: return "Float32";
    case MirrorKind::float64: return "Float64";
    case MirrorKind::decimal: return fmt::format("Decimal({}, {})", type.precision, type.scale);
    case MirrorKind::string:
    case MirrorKind::low_cardinality: return "String";
    case MirrorKind::uuid: return "UUID";
    case MirrorKind::date32: return "Date32";
    case MirrorKind::datetime64: return "DateTime64(6, 'UTC')";
    case MirrorKind::array: break;
  }
  return fmt::format("Array(Nullable({}))", bare_name(type, type.element));
}

}  // namespace

std::string MirrorColumn::clickhouse_type() const {
  std::string bare = bare_name(type, type.kind);
  if (type.kind == MirrorKind::array) return bare;
  std::string inner = nullable ? fmt::format("Nullable({})", bare) : bare;
  return type.kind == MirrorKind::low_cardinality ? fmt::format("LowCardinality({})", inner) : inner;
}

std::string MirrorColumn::companion() const {
  return type.kind == MirrorKind::array && nullable ? name + "__null" : "";
}

std::vector<std::pair<std::string, std::string>> MirrorColumn::definitions() const {
  std::vector<std::pair<std::string, std::string>> all = {{name, clickhouse_type()}};
  if (std::string extra = companion(); !extra.empty()) all.emplace_back(std::move(extra), "Bool");
  return all;
}

std::string MirrorColumn::read_back() const {
  const std::string quoted = clickhouse::quote_identifier(name);
  const std::string extra = companion();
  return extra.empty() ? quoted : quoted + ", " + clickhouse::quote_identifier(extra);
}

MirrorColumn mirror_column(const contract::ColumnContract& column) {
  return {
      .name = column.name,
      .type = column.clickhouse_type ? chosen_type(column, *column.clickhouse_type) : rule_for(column.type),
      .nullable = column.nullable || column.null_when.any(),
      .null_when = column.null_when};
}

}  // namespace freshet::load
