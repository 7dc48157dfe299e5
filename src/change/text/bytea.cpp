#include "change/text/bytea.h"

#include <array>
#include <cstdint>

namespace freshet::pg_text {
namespace {

constexpr std::string_view kMark = "\\x";
constexpr std::string_view kHex = "0123456789abcdef";

constexpr std::array<std::int8_t, 256> kDigits = [] {
  std::array<std::int8_t, 256> digits{};
  digits.fill(-1);
  for (std::size_t i = 0; i < 10; ++i) digits['0' + i] = static_cast<std::int8_t>(i);
  for (std::size_t i = 0; i < 6; ++i) {
    digits['a' + i] = static_cast<std::int8_t>(10 + i);
    digits['A' + i] = static_cast<std::int8_t>(10 + i);
  }
  return digits;
}();

int digit(char c) {
  return kDigits[static_cast<unsigned char>(c)];
}

}  // namespace

void append_hex(std::string& to, std::string_view bytes) {
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    to += kHex[byte >> 4];
    to += kHex[byte & 15];
  }
}

void append_bytea(std::string& to, std::string_view bytes) {
  to += kMark;
  append_hex(to, bytes);
}

bool append_from_bytea(std::string& to, std::string_view text) {
  if (!text.starts_with(kMark) || text.size() % 2 != 0) return false;
  for (std::size_t i = kMark.size(); i < text.size(); i += 2) {
    const int high = digit(text[i]);
    const int low = digit(text[i + 1]);
    if (high < 0 || low < 0) return false;
    to += static_cast<char>(high << 4 | low);
  }
  return true;
}

}  // namespace freshet::pg_text
