#include "change/text/network.h"

#include <array>
#include <charconv>
#include <cstdint>

#include "base/bytes.h"

namespace freshet::pg_text {
namespace {

// family, mask bits, is_cidr, address length, address
constexpr std::size_t kHeaderBytes = 4;
constexpr std::uint8_t kFamily4 = 2;
constexpr std::uint8_t kFamily6 = 3;

using Words = std::array<std::uint16_t, 8>;

void append_number(std::string& to, unsigned value, int base = 10) {
  char digits[8];
  to.append(digits, std::to_chars(digits, digits + sizeof digits, value, base).ptr);
}

void append_ipv4(std::string& to, std::string_view address) {
  for (std::size_t i = 0; i < address.size(); ++i) {
    if (i > 0) to += '.';
    append_number(to, static_cast<std::uint8_t>(address[i]));
  }
}

struct Run {
  std::size_t begin = 0;
  std::size_t length = 0;
  std::size_t end() const { return begin + length; }
};

// The first of the longest runs of zero words, when it has two or more.
Run longest_zeros(const Words& words) {
  Run best;
  Run run;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] != 0) {
      run = {i + 1, 0};
    } else if (++run.length > best.length) {
      best = run;
    }
  }
  return best.length >= 2 ? best : Run{words.size(), 0};
}

void append_ipv6(std::string& to, std::string_view address) {
  Words words;
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = load_be<std::uint16_t>(address.data() + 2 * i);
  const Run zeros = longest_zeros(words);
  const bool holds_ipv4 =
      zeros.begin == 0 && (zeros.length == 6 || (zeros.length == 5 && words[5] == 0xffff));
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i >= zeros.begin && i < zeros.end()) {
      if (i == zeros.begin) to += ':';
      continue;
    }
    if (i > 0) to += ':';
    if (i == 6 && holds_ipv4) return append_ipv4(to, address.substr(12));
    append_number(to, words[i], 16);
  }
  if (zeros.length > 0 && zeros.end() == words.size()) to += ':';
}

}  // namespace

bool append_inet(std::string& to, std::string_view binary) {
  if (binary.size() < kHeaderBytes) return false;
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(binary[i]); };
  const std::uint8_t family = byte(0);
  const std::uint8_t bits = byte(1);
  const bool is_cidr = byte(2) != 0;
  const std::size_t size = family == kFamily4 ? 4 : 16;
  if ((family != kFamily4 && family != kFamily6) || byte(3) != size || bits > size * 8 ||
      binary.size() != kHeaderBytes + size)
    return false;
  const std::string_view address = binary.substr(kHeaderBytes);
  if (family == kFamily4)
    append_ipv4(to, address);
  else
    append_ipv6(to, address);
  if (is_cidr || bits != size * 8) {
    to += '/';
    append_number(to, bits);
  }
  return true;
}

bool append_macaddr(std::string& to, std::string_view binary) {
  constexpr char kHex[] = "0123456789abcdef";
  if (binary.size() != 6) return false;
  for (std::size_t i = 0; i < binary.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(binary[i]);
    if (i > 0) to += ':';
    to += kHex[byte >> 4];
    to += kHex[byte & 15];
  }
  return true;
}

}  // namespace freshet::pg_text
