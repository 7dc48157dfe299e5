#include "change/lsn.h"

#include <fmt/format.h>

#include <charconv>

#include "base/error.h"

namespace freshet {
namespace {

bool parse_half(std::string_view text, std::uint32_t& half) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), half, 16);
  return failed == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string to_string(Lsn lsn) {
  return fmt::format("{:X}/{:X}", lsn.value() >> 32, lsn.value() & 0xffffffffu);
}

Lsn parse_lsn(std::string_view text) {
  const std::size_t slash = text.find('/');
  std::uint32_t high = 0;
  std::uint32_t low = 0;
  if (slash == std::string_view::npos || !parse_half(text.substr(0, slash), high) ||
      !parse_half(text.substr(slash + 1), low)) {
    throw Error(ErrorKind::data, fmt::format("'{}' isn't an LSN", text), "an LSN looks like 0/16B3748");
  }
  return Lsn(std::uint64_t{high} << 32 | low);
}

}  // namespace freshet
