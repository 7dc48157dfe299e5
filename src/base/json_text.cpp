#include "base/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

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

constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t c = 0x20; c < 0x80; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}();

// How many characters at the start of `text` stand for themselves.
std::size_t plain_prefix(std::string_view text) {
  const auto* end = std::ranges::find_if(text, [](char c) { return !kPlain[static_cast<unsigned char>(c)]; });
  return static_cast<std::size_t>(end - text.begin());
}

}  // namespace

void append_json_string(std::string& to, std::string_view text) {
  to += '"';
  while (true) {
    const std::size_t plain = plain_prefix(text);
    to += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
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
