#include "change/type.h"

#include <charconv>

namespace freshet {
namespace {

struct Builtin {
  std::uint32_t oid;
  std::uint32_t array_oid;
  TypeKind kind;
  std::string_view name;
};

// OIDs are fixed by PostgreSQL's pg_type.dat; names are those of format_type().
constexpr Builtin kBuiltins[] = {
    {16, 1000, TypeKind::boolean, "boolean"},
    {17, 1001, TypeKind::bytea, "bytea"},
    {19, 1003, TypeKind::text, "name"},
    {20, 1016, TypeKind::int8, "bigint"},
    {21, 1005, TypeKind::int2, "smallint"},
    {23, 1007, TypeKind::int4, "integer"},
    {25, 1009, TypeKind::text, "text"},
    {114, 199, TypeKind::json, "json"},
    {650, 651, TypeKind::cidr, "cidr"},
    {700, 1021, TypeKind::float4, "real"},
    {701, 1022, TypeKind::float8, "double precision"},
    {829, 1040, TypeKind::macaddr, "macaddr"},
    {869, 1041, TypeKind::inet, "inet"},
    {1042, 1014, TypeKind::text, "character"},
    {1043, 1015, TypeKind::text, "character varying"},
    {1082, 1182, TypeKind::date, "date"},
    {1083, 1183, TypeKind::time, "time without time zone"},
    {1114, 1115, TypeKind::timestamp, "timestamp without time zone"},
    {1184, 1185, TypeKind::timestamptz, "timestamp with time zone"},
    {1186, 1187, TypeKind::interval, "interval"},
    {1266, 1270, TypeKind::timetz, "time with time zone"},
    {1700, 1231, TypeKind::numeric, "numeric"},
    {2950, 2951, TypeKind::uuid, "uuid"},
    {3802, 3807, TypeKind::jsonb, "jsonb"},
};

PgType make(const Builtin& builtin, bool array) {
  PgType type;
  type.kind = array ? TypeKind::array : builtin.kind;
  type.oid = array ? builtin.array_oid : builtin.oid;
  if (array) {
    type.element = builtin.kind;
    type.element_oid = builtin.oid;
  }
  return type;
}

// numeric's typmod: ((precision << 16) | (scale & 0x7ff)) + 4, the scale being 11 bits in two's complement
// (PG 15+); before, 16 bits, never negative: the same bits for every legal value.
void set_numeric_modifier(PgType& type, std::int32_t typmod) {
  const std::int32_t packed = typmod - 4;
  type.precision = static_cast<std::int16_t>(packed >> 16 & 0xffff);
  type.scale = static_cast<std::int16_t>(((packed & 0x7ff) ^ 1024) - 1024);
}

bool is_numeric(const PgType& type) {
  return type.kind == TypeKind::numeric ||
         (type.kind == TypeKind::array && type.element == TypeKind::numeric);
}

// "(14,2)" -> 14, 2; "(14)" -> 14, 0.
void read_precision(std::string_view modifier, PgType& type) {
  const char* end = modifier.data() + modifier.size();
  const auto [after, failed] = std::from_chars(modifier.data() + 1, end, type.precision);
  if (failed == std::errc() && after < end && *after == ',') std::from_chars(after + 1, end, type.scale);
}

}  // namespace

std::string_view to_string(TypeKind kind) {
  switch (kind) {
    case TypeKind::boolean: return "boolean";
    case TypeKind::int2: return "int2";
    case TypeKind::int4: return "int4";
    case TypeKind::int8: return "int8";
    case TypeKind::float4: return "float4";
    case TypeKind::float8: return "float8";
    case TypeKind::numeric: return "numeric";
    case TypeKind::text: return "text";
    case TypeKind::enumeration: return "enum";
    case TypeKind::uuid: return "uuid";
    case TypeKind::date: return "date";
    case TypeKind::timestamp: return "timestamp";
    case TypeKind::timestamptz: return "timestamptz";
    case TypeKind::time: return "time";
    case TypeKind::timetz: return "timetz";
    case TypeKind::interval: return "interval";
    case TypeKind::json: return "json";
    case TypeKind::jsonb: return "jsonb";
    case TypeKind::bytea: return "bytea";
    case TypeKind::inet: return "inet";
    case TypeKind::cidr: return "cidr";
    case TypeKind::macaddr: return "macaddr";
    case TypeKind::array: return "array";
    case TypeKind::other: return "other";
  }
  return "other";
}

PgType builtin_type(std::uint32_t oid, std::int32_t typmod) {
  for (const Builtin& builtin : kBuiltins) {
    if (oid != builtin.oid && oid != builtin.array_oid) continue;
    PgType type = make(builtin, oid == builtin.array_oid);
    if (is_numeric(type) && typmod >= 4) set_numeric_modifier(type, typmod);
    return type;
  }
  PgType unknown;
  unknown.oid = oid;
  return unknown;
}

PgType builtin_type(std::string_view name) {
  const std::string_view full = name;
  const bool array = name.ends_with("[]");
  if (array) name.remove_suffix(2);
  // "timestamp(3) with time zone" has its modifier in the middle.
  std::string bare(name);
  std::string_view modifier;
  const std::size_t open = name.find('(');
  if (const std::size_t close = name.find(')');
      open != std::string_view::npos && close != std::string_view::npos) {
    modifier = name.substr(open, close - open + 1);
    bare = std::string(name.substr(0, open)) + std::string(name.substr(close + 1));
  }
  if (bare == "citext" || bare.ends_with(".citext")) bare = "text";
  for (const Builtin& builtin : kBuiltins) {
    if (bare != builtin.name) continue;
    PgType type = make(builtin, array);
    if (is_numeric(type) && !modifier.empty()) read_precision(modifier, type);
    type.name = full;
    return type;
  }
  PgType unknown;
  unknown.name = full;
  return unknown;
}

bool readable_in_binary(const PgType& type) {
  return type.kind == TypeKind::array ? type.element != TypeKind::other : type.kind != TypeKind::other;
}

}  // namespace freshet
