#include "load/types/text_source.h"

#include "change/text/bytea.h"
#include "change/text/pg_text.h"

namespace freshet::load {

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
  scratch_.clear();
  if (!pg_text::append_from_bytea(scratch_, hex)) return Unfit::malformed;
  text = scratch_;
  return std::nullopt;
}

}  // namespace freshet::load
