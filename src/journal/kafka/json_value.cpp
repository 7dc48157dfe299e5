#include "journal/kafka/json_value.h"

#include "base/base64.h"
#include "base/json_text.h"
#include "base/utf8.h"
#include "change/text/array.h"
#include "change/text/bytea.h"
#include "change/text/pg_text.h"
#include "journal/kafka/iso_time.h"

namespace freshet::journal {
namespace {

void append_base64_string(std::string& to, std::string_view bytes) {
  to += '"';
  append_base64(to, bytes);
  to += '"';
}

void append_bytes(std::string& to, std::string_view form, std::string_view bytes) {
  to += "{\"";
  to += form;
  to += "\":";
  append_base64_string(to, bytes);
  to += '}';
}

void append_as_is(std::string& to, std::string_view text) {
  append_bytes(to, "text", text);
}

void append_string(std::string& to, std::string_view text) {
  if (text == kUnchangedMark || !is_utf8(text))
    append_as_is(to, text);
  else
    append_json_string(to, text);
}

// What both PostgreSQL prints and JSON takes for a number.
bool is_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const bool leading_zero = text.size() > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9';
  return !text.empty() && text[0] >= '0' && text[0] <= '9' && !leading_zero &&
         text.find_first_not_of("0123456789.e+-") == std::string_view::npos;
}

void append_number(std::string& to, std::string_view text) {
  if (text == "-0")
    to += "-0.0";  // a whole number would lose its sign
  else if (is_number(text))
    to += text;
  else
    append_string(to, text);  // NaN, Infinity
}

void append_boolean(std::string& to, std::string_view text) {
  if (text == "t")
    to += "true";
  else if (text == "f")
    to += "false";
  else
    append_as_is(to, text);
}

void append_bytea(std::string& to, std::string_view hex) {
  std::string bytes;
  if (!pg_text::append_from_bytea(bytes, hex)) return append_as_is(to, hex);
  append_base64_string(to, bytes);
}

void append_scalar(std::string& to, TypeKind kind, std::string_view text) {
  switch (kind) {
    case TypeKind::boolean: return append_boolean(to, text);
    case TypeKind::int2:
    case TypeKind::int4:
    case TypeKind::int8:
    case TypeKind::float4:
    case TypeKind::float8: return append_number(to, text);
    case TypeKind::timestamp:
    case TypeKind::timestamptz: return append_iso_time(to, text, kind == TypeKind::timestamptz);
    case TypeKind::bytea: return append_bytea(to, text);
    case TypeKind::numeric:
    case TypeKind::text:
    case TypeKind::enumeration:
    case TypeKind::uuid:
    case TypeKind::date:
    case TypeKind::time:
    case TypeKind::timetz:
    case TypeKind::interval:
    case TypeKind::json:
    case TypeKind::jsonb:
    case TypeKind::inet:
    case TypeKind::cidr:
    case TypeKind::macaddr:
    case TypeKind::array:
    case TypeKind::other: return append_string(to, text);
  }
}

// False, and nothing appended, for what isn't a list of such elements from 1 on.
bool append_list(std::string& to, TypeKind element, std::string_view text) {
  const std::size_t before = to.size();
  pg_text::TextArray array(text);
  Field field;
  to += '[';
  auto step = array.next(field);
  for (; step == pg_text::TextArray::Step::element; step = array.next(field)) {
    if (to.size() > before + 1) to += ',';
    if (field.null())
      to += "null";
    else
      append_scalar(to, element, field.bytes);
  }
  if (step != pg_text::TextArray::Step::end) {
    to.resize(before);
    return false;
  }
  to += ']';
  return true;
}

void append_array(std::string& to, TypeKind element, std::string_view text) {
  // Elements of a type that isn't known may have another separator.
  if (element == TypeKind::other || !append_list(to, element, text)) append_string(to, text);
}

std::optional<std::string_view> text_of(const PgType& type, const Field& field, std::string& scratch) {
  if (field.form == Form::text) return field.bytes;
  return pg_text::view_text(type, field.bytes, scratch);
}

}  // namespace

void append_json_value(std::string& to, const PgType& type, const Field& field) {
  if (field.form == Form::null) {
    to += "null";
    return;
  }
  if (field.form == Form::unchanged) return append_json_string(to, kUnchangedMark);
  if (field.form == Form::binary && type.kind == TypeKind::bytea)
    return append_base64_string(to, field.bytes);
  std::string scratch;
  const auto text = text_of(type, field, scratch);
  if (!text)
    append_bytes(to, "binary", field.bytes);
  else if (type.kind == TypeKind::array)
    append_array(to, type.element, *text);
  else
    append_scalar(to, type.kind, *text);
}

}  // namespace freshet::journal
