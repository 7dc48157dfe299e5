#include "base/base64.h"

#include <array>
#include <cstdint>

namespace freshet {
namespace {

constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> kValues = [] {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < kDigits.size(); ++i)
    values[static_cast<unsigned char>(kDigits[i])] = static_cast<std::int8_t>(i);
  return values;
}();

}  // namespace

void append_base64(std::string& to, std::string_view bytes) {
  const auto byte = [&](std::size_t i) {
    return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U;
  };
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const unsigned bits = byte(at) << 16 | byte(at + 1) << 8 | byte(at + 2);
    to += kDigits[bits >> 18];
    to += kDigits[bits >> 12 & 63];
    to += at + 1 < bytes.size() ? kDigits[bits >> 6 & 63] : '=';
    to += at + 2 < bytes.size() ? kDigits[bits & 63] : '=';
  }
}

bool append_from_base64(std::string& to, std::string_view text) {
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  std::uint32_t bits = 0;
  int count = 0;
  for (const char digit : text) {
    const int value = kValues[static_cast<unsigned char>(digit)];
    if (value < 0) return false;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    to += static_cast<char>(bits >> count & 0xff);
  }
  return count < 6;  // a digit alone is no byte
}

}  // namespace freshet
