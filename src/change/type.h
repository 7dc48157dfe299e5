// PgType: what Freshet knows of a PostgreSQL column type. Domains are resolved to their base before they get
// here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace freshet {

// The kinds whose binary form the codec reads; everything else is `other` and travels as PostgreSQL's own
// text.
enum class TypeKind : std::uint8_t {
  boolean,
  int2,
  int4,
  int8,
  float4,
  float8,
  numeric,
  text,         // text, varchar, char(n), name, citext: bytes in UTF-8
  enumeration,  // its label
  uuid,
  date,
  timestamp,
  timestamptz,
  time,
  timetz,
  interval,
  json,
  jsonb,
  bytea,
  inet,
  cidr,
  macaddr,
  array,  // of `element`
  other,
};

struct PgType {
  TypeKind kind = TypeKind::other;
  TypeKind element = TypeKind::other;  // of an array
  std::uint32_t oid = 0;
  std::uint32_t element_oid = 0;  // of an array
  // numeric(precision, scale) of the type or of an array's element; precision 0: unlimited.
  std::int16_t precision = 0;
  std::int16_t scale = 0;
  std::string name;  // as format_type() writes it: "numeric(14,2)", "app.channel", "text[]"

  friend bool operator==(const PgType&, const PgType&) = default;
};

std::string_view to_string(TypeKind kind);

// A built-in type by its OID and typmod (-1: none), without a name; kind `other` when it isn't one of the
// known ones.
PgType builtin_type(std::uint32_t oid, std::int32_t typmod);

// A built-in type by the name that format_type() gives it: "numeric(14,2)", "timestamp with time zone",
// "text[]". Kind `other` when it isn't one of the known ones (an enum's name, for instance).
PgType builtin_type(std::string_view name);

// The value of `kind` (or of arrays of it) in PostgreSQL's binary form is understood by our codec.
bool readable_in_binary(const PgType& type);

}  // namespace freshet
