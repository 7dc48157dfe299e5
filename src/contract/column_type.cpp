// Types by name: column_type(), made_of() and usable_as_key() of contract/contract.h.
#include <fmt/format.h>

#include <utility>

#include "contract/contract.h"

namespace freshet::contract {
namespace {

// As format_type() writes it, without a modifier.
std::string_view format_name(TypeKind kind) {
  switch (kind) {
    case TypeKind::boolean: return "boolean";
    case TypeKind::int2: return "smallint";
    case TypeKind::int4: return "integer";
    case TypeKind::int8: return "bigint";
    case TypeKind::float4: return "real";
    case TypeKind::float8: return "double precision";
    case TypeKind::numeric: return "numeric";
    case TypeKind::text: return "text";
    case TypeKind::enumeration: return "enum";
    case TypeKind::uuid: return "uuid";
    case TypeKind::date: return "date";
    case TypeKind::timestamp: return "timestamp without time zone";
    case TypeKind::timestamptz: return "timestamp with time zone";
    case TypeKind::time: return "time without time zone";
    case TypeKind::timetz: return "time with time zone";
    case TypeKind::interval: return "interval";
    case TypeKind::json: return "json";
    case TypeKind::jsonb: return "jsonb";
    case TypeKind::bytea: return "bytea";
    case TypeKind::inet: return "inet";
    case TypeKind::cidr: return "cidr";
    case TypeKind::macaddr: return "macaddr";
    case TypeKind::array:
    case TypeKind::other: return "";
  }
  return "";
}

PgType made_type(std::string_view made_of) {
  PgType type = builtin_type(made_of);
  if (made_of == "enum") type.kind = TypeKind::enumeration;
  if (made_of == "enum[]") {
    type.kind = TypeKind::array;
    type.element = TypeKind::enumeration;
  }
  return type;
}

}  // namespace

PgType column_type(std::string_view name, std::string_view made_of) {
  PgType type = builtin_type(name);
  if (type.kind == TypeKind::other && !made_of.empty()) type = made_type(made_of);
  type.oid = type.element_oid = 0;
  type.name = name;
  return type;
}

std::string made_of(const PgType& type) {
  const PgType by_name = column_type(type.name, "");
  if (by_name.kind == type.kind && by_name.element == type.element) return {};
  const bool array = type.kind == TypeKind::array;
  std::string text(format_name(array ? type.element : type.kind));
  if (type.precision > 0) text += fmt::format("({},{})", type.precision, type.scale);
  return array ? text + "[]" : text;
}

std::string full_type_name(std::string_view short_name) {
  static constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"int", "integer"},
      {"int2", "smallint"},
      {"int4", "integer"},
      {"int8", "bigint"},
      {"serial", "integer"},
      {"bigserial", "bigint"},
      {"bool", "boolean"},
      {"float", "double precision"},
      {"float4", "real"},
      {"float8", "double precision"},
      {"decimal", "numeric"},
      {"varchar", "character varying"},
      {"char", "character"},
      {"bpchar", "character"},
      {"timestamptz", "timestamp with time zone"},
      {"timestamp", "timestamp without time zone"},
      {"timetz", "time with time zone"},
      {"time", "time without time zone"},
  };
  const std::string_view bare = short_name.substr(0, short_name.find_first_of("(["));
  for (const auto& [known, full] : kNames) {
    if (bare == known) return std::string(full) + std::string(short_name.substr(bare.size()));
  }
  return {};
}

bool usable_as_key(const PgType& type) {
  switch (type.kind) {
    case TypeKind::boolean:
    case TypeKind::int2:
    case TypeKind::int4:
    case TypeKind::int8:
    case TypeKind::text:
    case TypeKind::enumeration:
    case TypeKind::uuid:
    case TypeKind::date:
    case TypeKind::timestamp:
    case TypeKind::timestamptz:
    case TypeKind::bytea:
    case TypeKind::inet: return true;
    case TypeKind::numeric: return type.precision > 0 && type.precision <= 76;
    case TypeKind::float4:
    case TypeKind::float8:
    case TypeKind::time:
    case TypeKind::timetz:
    case TypeKind::interval:
    case TypeKind::json:
    case TypeKind::jsonb:
    case TypeKind::cidr:
    case TypeKind::macaddr:
    case TypeKind::array:
    case TypeKind::other: return false;
  }
  return false;
}

}  // namespace freshet::contract
