#include "journal/kafka/json_read.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "base/base64.h"
#include "change/text/array.h"
#include "change/text/bytea.h"
#include "change/text/floats.h"
#include "journal/kafka/iso_time.h"
#include "journal/kafka/json_value.h"

namespace freshet::journal {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

[[noreturn]] void refuse(const PgType& type) {
  throw Error(ErrorKind::data,
              fmt::format("a field of type {} has a JSON form that isn't one of it", type.name));
}

// Writes the field's bytes in place: their size, which stands before them, is known at the end.
class OpenField {
 public:
  OpenField(std::string& tuple, Form form) : tuple_(tuple) {
    tuple_ += static_cast<char>(form);
    append_be(tuple_, std::int32_t{0});
    begin_ = tuple_.size();
  }
  void close() {
    const auto size = swap_bytes(static_cast<std::int32_t>(tuple_.size() - begin_));
    std::memcpy(tuple_.data() + begin_ - sizeof size, &size, sizeof size);
  }

 private:
  std::string& tuple_;
  std::size_t begin_ = 0;
};

// As PostgreSQL prints it; false for a type that has no numbers, or not this one.
bool append_number(std::string& to, TypeKind kind, element from) {
  switch (kind) {
    case TypeKind::int2:
    case TypeKind::int4:
    case TypeKind::int8:
      if (!from.is_int64()) return false;
      fmt::format_to(std::back_inserter(to), "{}", from.get_int64().value());
      return true;
    case TypeKind::float4: {
      const auto value = static_cast<float>(from.get_double().value());
      pg_text::append_float4(to, value);
      return std::isfinite(value);
    }
    case TypeKind::float8: pg_text::append_float8(to, from.get_double()); return true;
    case TypeKind::boolean:
    case TypeKind::numeric:
    case TypeKind::text:
    case TypeKind::enumeration:
    case TypeKind::uuid:
    case TypeKind::date:
    case TypeKind::timestamp:
    case TypeKind::timestamptz:
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
    case TypeKind::other: return false;
  }
  return false;
}

bool append_string(std::string& to, TypeKind kind, std::string_view text) {
  if (kind == TypeKind::timestamp || kind == TypeKind::timestamptz) {
    append_from_iso_time(to, text);
    return true;
  }
  if (kind == TypeKind::bytea) {
    std::string bytes;
    if (!append_from_base64(bytes, text)) return false;
    pg_text::append_bytea(to, bytes);
    return true;
  }
  to += text;
  return kind != TypeKind::boolean;
}

struct Bytes {
  Form form = Form::text;
  std::string bytes;
};

// {"text": base64} or {"binary": base64}
std::optional<Bytes> bytes_of(element object) {
  for (const auto& [name, value] : object.get_object()) {
    if ((name != "text" && name != "binary") || !value.is_string()) return std::nullopt;
    Bytes found{name == "text" ? Form::text : Form::binary, {}};
    if (!append_from_base64(found.bytes, value.get_string())) return std::nullopt;
    return found;
  }
  return std::nullopt;
}

// The text of anything but null, a mark and what is kept in binary.
bool append_scalar(std::string& to, TypeKind kind, element from) {
  switch (from.type()) {
    case element_type::INT64:
    case element_type::UINT64:
    case element_type::DOUBLE: return append_number(to, kind, from);
    case element_type::BOOL: to += from.get_bool().value() ? 't' : 'f'; return kind == TypeKind::boolean;
    case element_type::STRING: return append_string(to, kind, from.get_string());
    case element_type::OBJECT: {
      const std::optional<Bytes> bytes = bytes_of(from);
      if (bytes) to += bytes->bytes;
      return bytes && bytes->form == Form::text;
    }
    case element_type::ARRAY:
    case element_type::NULL_VALUE: return false;
  }
  return false;
}

bool append_array(std::string& to, const PgType& type, element list) {
  if (type.kind != TypeKind::array) return false;
  std::string item_text;
  char separator = '{';
  for (const element item : list.get_array()) {
    to += separator;
    separator = ',';
    if (item.is_null()) {
      to += "NULL";
      continue;
    }
    item_text.clear();
    if (!append_scalar(item_text, type.element, item)) return false;
    pg_text::append_element(to, item_text);
  }
  to += separator == '{' ? "{}" : "}";
  return true;
}

}  // namespace

void append_field_of(std::string& tuple, const PgType& type, element from) {
  const auto text_field = [&](const auto& append) {
    OpenField field(tuple, Form::text);
    if (!append(tuple)) refuse(type);
    field.close();
  };
  switch (from.type()) {
    case element_type::NULL_VALUE: return append_field(tuple, {Form::null, {}});
    case element_type::STRING: {
      const std::string_view text = from.get_string();
      if (text == kUnchangedMark) return append_field(tuple, {Form::unchanged, {}});
      return text_field([&](std::string& to) { return append_string(to, type.kind, text); });
    }
    case element_type::OBJECT: {
      const std::optional<Bytes> bytes = bytes_of(from);
      if (!bytes) refuse(type);
      return append_field(tuple, {bytes->form, bytes->bytes});
    }
    case element_type::ARRAY:
      return text_field([&](std::string& to) { return append_array(to, type, from); });
    case element_type::INT64:
    case element_type::UINT64:
    case element_type::DOUBLE:
    case element_type::BOOL:
      return text_field([&](std::string& to) { return append_scalar(to, type.kind, from); });
  }
  refuse(type);
}

}  // namespace freshet::journal
