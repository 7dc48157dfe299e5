#include "load/types/text_source.h"

#include <array>

#include "change/text/pg_text.h"

namespace freshet::load {
namespace {

constexpr std::array<std::int8_t, 256> kHexDigits = [] {
  std::array<std::int8_t, 256> digits{};
  digits.fill(-1);
  for (std::size_t i = 0; i < 10; ++i) digits['0' + i] = static_cast<std::int8_t>(i);
  for (std::size_t i = 0; i < 6; ++i) {
    digits['a' + i] = static_cast<std::int8_t>(10 + i);
    digits['A' + i] = static_cast<std::int8_t>(10 + i);
  }
  return digits;
}();

int hex_digit(char c) {
  return kHexDigits[static_cast<unsigned char>(c)];
}

}  // namespace

std::optional<Unfit> TextSource::read(const Field& field, std::string_view& text) {
  switch (field.form) {
    case Form::binary: return from_binary(field.bytes, text);
    case Form::text: return from_text(field.bytes, text);
    case Form::null: return Unfit::null;
    case Form::unchanged: return Unfit::unchanged;
  }
  return Unfit::malformed;
}

std::optional<Unfit> TextSource::from_binary(std::string_view bytes, std::string_view& text) {
  switch (type_.kind) {
    case TypeKind::text:
    case TypeKind::enumeration:
    case TypeKind::json:
    case TypeKind::bytea: text = bytes; return std::nullopt;
    case TypeKind::jsonb:
      if (bytes.empty() || bytes[0] != 1) return Unfit::malformed;
      text = bytes.substr(1);
      return std::nullopt;
    case TypeKind::boolean:
    case TypeKind::int2:
    case TypeKind::int4:
    case TypeKind::int8:
    case TypeKind::float4:
    case TypeKind::float8:
    case TypeKind::numeric:
    case TypeKind::uuid:
    case TypeKind::date:
    case TypeKind::timestamp:
    case TypeKind::timestamptz:
    case TypeKind::time:
    case TypeKind::timetz:
    case TypeKind::interval:
    case TypeKind::inet:
    case TypeKind::cidr:
    case TypeKind::macaddr:
    case TypeKind::array:
    case TypeKind::other: break;
  }
  if (!readable_in_binary(type_)) return Unfit::binary_form;
  scratch_.clear();
  if (!pg_text::append_text(scratch_, type_, bytes)) return Unfit::malformed;
  text = scratch_;
  return std::nullopt;
}

std::optional<Unfit> TextSource::from_text(std::string_view bytes, std::string_view& text) {
  if (type_.kind == TypeKind::bytea) return from_hex(bytes, text);
  text = bytes;
  return std::nullopt;
}

std::optional<Unfit> TextSource::from_hex(std::string_view hex, std::string_view& text) {
  if (!hex.starts_with("\\x") || hex.size() % 2 != 0) return Unfit::malformed;
  scratch_.clear();
  for (std::size_t i = 2; i < hex.size(); i += 2) {
    const int high = hex_digit(hex[i]);
    const int low = hex_digit(hex[i + 1]);
    if (high < 0 || low < 0) return Unfit::malformed;
    scratch_ += static_cast<char>(high << 4 | low);
  }
  text = scratch_;
  return std::nullopt;
}

}  // namespace freshet::load
