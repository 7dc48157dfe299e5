#include "base/json_text.h"

#include <fmt/format.h>

#include "base/utf8.h"

namespace freshet {
namespace {

void append_ascii(std::string& to, char c) {
  switch (c) {
    case '"': to += "\\\""; return;
    case '\\': to += "\\\\"; return;
    case '\n': to += "\\n"; return;
    case '\r': to += "\\r"; return;
    case '\t': to += "\\t"; return;
    default:
      if (static_cast<unsigned char>(c) < 0x20)
        to += fmt::format("\\u{:04x}", static_cast<int>(c));
      else
        to += c;
  }
}

}  // namespace

void append_json_string(std::string& to, std::string_view text) {
  to += '"';
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0)
      to += "\xef\xbf\xbd";
    else if (length == 1)
      append_ascii(to, text[0]);
    else
      to += text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  to += '"';
}

}  // namespace freshet
