#include "journal/kafka/json_read.h"

#include <fmt/format.h>

#include <optional>

#include "base/base64.h"
#include "change/text/array.h"
#include "change/text/bytea.h"
#include "journal/kafka/iso_time.h"
#include "journal/kafka/json_value.h"

namespace freshet::journal {
namespace {

using simdjson::ondemand::json_type;
using simdjson::ondemand::value;

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

std::string_view trimmed(std::string_view token) {
  const std::size_t end = token.find_last_not_of(" \t\n\r");
  return token.substr(0, end == std::string_view::npos ? 0 : end + 1);
}

bool is_number(TypeKind kind) {
  return kind == TypeKind::int2 || kind == TypeKind::int4 || kind == TypeKind::int8 ||
         kind == TypeKind::float4 || kind == TypeKind::float8;
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
std::optional<Bytes> bytes_of(value object) {
  for (auto member : object.get_object()) {
    const std::string_view name = member.unescaped_key();
    if (name != "text" && name != "binary") return std::nullopt;
    Bytes found{name == "text" ? Form::text : Form::binary, {}};
    if (!append_from_base64(found.bytes, member.value().get_string())) return std::nullopt;
    return found;
  }
  return std::nullopt;
}

// The text of anything but null, a mark and what is kept in binary.
bool append_scalar(std::string& to, TypeKind kind, value from) {
  switch (json_type(from.type())) {
    case json_type::number: to += trimmed(from.raw_json_token()); return is_number(kind);
    case json_type::boolean: to += from.get_bool() ? 't' : 'f'; return kind == TypeKind::boolean;
    case json_type::string: return append_string(to, kind, from.get_string());
    case json_type::object: {
      const std::optional<Bytes> bytes = bytes_of(from);
      if (bytes) to += bytes->bytes;
      return bytes && bytes->form == Form::text;
    }
    case json_type::array:
    case json_type::null: return false;
  }
  return false;
}

bool append_array(std::string& to, const PgType& type, value list) {
  if (type.kind != TypeKind::array) return false;
  std::string element;
  char separator = '{';
  for (value item : list.get_array()) {
    to += separator;
    separator = ',';
    if (item.is_null()) {
      to += "NULL";
      continue;
    }
    element.clear();
    if (!append_scalar(element, type.element, item)) return false;
    pg_text::append_element(to, element);
  }
  to += separator == '{' ? "{}" : "}";
  return true;
}

}  // namespace

void append_field_of(std::string& tuple, const PgType& type, value from) {
  const auto text_field = [&](const auto& append) {
    OpenField field(tuple, Form::text);
    if (!append(tuple)) refuse(type);
    field.close();
  };
  switch (json_type(from.type())) {
    case json_type::null: return append_field(tuple, {Form::null, {}});
    case json_type::string: {
      const std::string_view text = from.get_string();
      if (text == kUnchangedMark) return append_field(tuple, {Form::unchanged, {}});
      return text_field([&](std::string& to) { return append_string(to, type.kind, text); });
    }
    case json_type::object: {
      const std::optional<Bytes> bytes = bytes_of(from);
      if (!bytes) refuse(type);
      return append_field(tuple, {bytes->form, bytes->bytes});
    }
    case json_type::array: return text_field([&](std::string& to) { return append_array(to, type, from); });
    case json_type::number:
    case json_type::boolean:
      return text_field([&](std::string& to) { return append_scalar(to, type.kind, from); });
  }
  refuse(type);
}

}  // namespace freshet::journal
