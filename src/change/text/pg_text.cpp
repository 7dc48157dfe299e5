#include "change/text/pg_text.h"

#include <bit>
#include <charconv>
#include <limits>

#include "base/bytes.h"
#include "change/text/array.h"
#include "change/text/bytea.h"
#include "change/text/calendar.h"
#include "change/text/floats.h"
#include "change/text/interval.h"
#include "change/text/network.h"
#include "change/text/numeric.h"

namespace freshet::pg_text {
namespace {

template <class Integer>
bool put_integer(std::string& to, std::string_view binary) {
  if (binary.size() != sizeof(Integer)) return false;
  char digits[24];
  to.append(digits, std::to_chars(digits, digits + sizeof digits, load_be<Integer>(binary.data())).ptr);
  return true;
}

bool put_boolean(std::string& to, std::string_view binary) {
  if (binary.size() != 1) return false;
  to += binary[0] != 0 ? 't' : 'f';
  return true;
}

bool put_float4(std::string& to, std::string_view binary) {
  if (binary.size() != 4) return false;
  append_float4(to, std::bit_cast<float>(load_be<std::uint32_t>(binary.data())));
  return true;
}

bool put_float8(std::string& to, std::string_view binary) {
  if (binary.size() != 8) return false;
  append_float8(to, std::bit_cast<double>(load_be<std::uint64_t>(binary.data())));
  return true;
}

bool put_numeric(std::string& to, std::string_view binary) {
  const std::optional<Numeric> number = Numeric::read(binary);
  if (number) number->append_to(to);
  return number.has_value();
}

bool put_uuid(std::string& to, std::string_view binary) {
  if (binary.size() != 16) return false;
  constexpr std::size_t kGroups[] = {4, 2, 2, 2, 6};
  for (const std::size_t group : kGroups) {
    if (binary.size() != 16) to += '-';
    append_hex(to, binary.substr(0, group));
    binary.remove_prefix(group);
  }
  return true;
}

// PostgreSQL's infinities are the two ends of the integer.
template <class Integer>
bool append_infinity(std::string& to, Integer value) {
  if (value == std::numeric_limits<Integer>::max()) return to += "infinity", true;
  if (value == std::numeric_limits<Integer>::min()) return to += "-infinity", true;
  return false;
}

bool put_date(std::string& to, std::string_view binary) {
  if (binary.size() != 4) return false;
  const auto days = load_be<std::int32_t>(binary.data());
  if (!append_infinity(to, days)) append_date(to, days + kPostgresEpochDays);
  return true;
}

bool put_timestamp(std::string& to, std::string_view binary, bool with_zone) {
  if (binary.size() != 8) return false;
  const auto micros = load_be<std::int64_t>(binary.data());
  if (append_infinity(to, micros)) return true;
  append_timestamp(to, Instant::from_postgres(micros), with_zone);
  return true;
}

bool put_time(std::string& to, std::string_view binary) {
  if (binary.size() != 8) return false;
  const auto micros = load_be<std::int64_t>(binary.data());
  if (micros < 0 || micros > kMicrosPerDay) return false;
  append_time(to, micros);
  return true;
}

bool put_timetz(std::string& to, std::string_view binary) {
  if (binary.size() != 12 || !put_time(to, binary.substr(0, 8))) return false;
  append_zone(to, load_be<std::int32_t>(binary.data() + 8));
  return true;
}

bool put_interval(std::string& to, std::string_view binary) {
  if (binary.size() != 16) return false;
  append_interval(to, {.months = load_be<std::int32_t>(binary.data() + 12),
                       .days = load_be<std::int32_t>(binary.data() + 8),
                       .micros = load_be<std::int64_t>(binary.data())});
  return true;
}

bool put_jsonb(std::string& to, std::string_view binary) {
  constexpr char kVersion = 1;
  if (binary.empty() || binary[0] != kVersion) return false;
  to += binary.substr(1);
  return true;
}

bool put_array(std::string& to, TypeKind element, std::string_view binary) {
  std::optional<BinaryArray> array = BinaryArray::read(binary);
  if (!array) return false;
  ArrayWriter writer(to, *array);
  std::string text;
  for (std::int64_t i = 0; i < array->elements(); ++i) {
    const std::optional<Field> field = array->next();
    if (!field) return false;
    if (field->null()) {
      writer.append_null();
      continue;
    }
    text.clear();
    if (!append_scalar_text(text, element, field->bytes)) return false;
    writer.append(text);
  }
  return array->at_end();
}

}  // namespace

bool append_scalar_text(std::string& to, TypeKind kind, std::string_view binary) {
  switch (kind) {
    case TypeKind::boolean: return put_boolean(to, binary);
    case TypeKind::int2: return put_integer<std::int16_t>(to, binary);
    case TypeKind::int4: return put_integer<std::int32_t>(to, binary);
    case TypeKind::int8: return put_integer<std::int64_t>(to, binary);
    case TypeKind::float4: return put_float4(to, binary);
    case TypeKind::float8: return put_float8(to, binary);
    case TypeKind::numeric: return put_numeric(to, binary);
    case TypeKind::text:
    case TypeKind::enumeration:
    case TypeKind::json: to += binary; return true;
    case TypeKind::uuid: return put_uuid(to, binary);
    case TypeKind::date: return put_date(to, binary);
    case TypeKind::timestamp: return put_timestamp(to, binary, false);
    case TypeKind::timestamptz: return put_timestamp(to, binary, true);
    case TypeKind::time: return put_time(to, binary);
    case TypeKind::timetz: return put_timetz(to, binary);
    case TypeKind::interval: return put_interval(to, binary);
    case TypeKind::jsonb: return put_jsonb(to, binary);
    case TypeKind::bytea: append_bytea(to, binary); return true;
    case TypeKind::inet:
    case TypeKind::cidr: return append_inet(to, binary);
    case TypeKind::macaddr: return append_macaddr(to, binary);
    case TypeKind::array:
    case TypeKind::other: return false;
  }
  return false;
}

std::optional<std::string_view> view_text(const PgType& type, std::string_view binary, std::string& scratch) {
  if (type.kind == TypeKind::text || type.kind == TypeKind::enumeration || type.kind == TypeKind::json)
    return binary;
  scratch.clear();
  if (!append_text(scratch, type, binary)) return std::nullopt;
  return scratch;
}

bool append_text(std::string& to, const PgType& type, std::string_view binary) {
  if (type.kind == TypeKind::array) return put_array(to, type.element, binary);
  return append_scalar_text(to, type.kind, binary);
}

}  // namespace freshet::pg_text
