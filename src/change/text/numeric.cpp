#include "change/text/numeric.h"

#include <algorithm>
#include <charconv>

namespace freshet::pg_text {
namespace {

constexpr std::size_t kHeaderBytes = 8;
constexpr int kMaxScale = 16'383;

void append_group(std::string& to, int group) {
  to += static_cast<char>('0' + group / 1000);
  to += static_cast<char>('0' + group / 100 % 10);
  to += static_cast<char>('0' + group / 10 % 10);
  to += static_cast<char>('0' + group % 10);
}

}  // namespace

std::optional<Numeric> Numeric::read(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes) return std::nullopt;
  Numeric number;
  number.count = load_be<std::int16_t>(bytes.data());
  number.weight = load_be<std::int16_t>(bytes.data() + 2);
  number.scale = load_be<std::int16_t>(bytes.data() + 6);
  number.digits_ = bytes.data() + kHeaderBytes;
  switch (load_be<std::uint16_t>(bytes.data() + 4)) {
    case 0x0000: break;
    case 0x4000: number.negative = true; break;
    case 0xc000: number.kind = Kind::nan; return number;
    case 0xd000: number.kind = Kind::plus_infinity; return number;
    case 0xf000: number.kind = Kind::minus_infinity; return number;
    default: return std::nullopt;
  }
  if (number.count < 0 || bytes.size() != kHeaderBytes + 2 * static_cast<std::size_t>(number.count) ||
      number.scale < 0 || number.scale > kMaxScale)
    return std::nullopt;
  for (int i = 0; i < number.count; ++i)
    if (number.digit(i) < 0 || number.digit(i) > 9999) return std::nullopt;
  return number;
}

void Numeric::append_to(std::string& to) const {
  switch (kind) {
    case Kind::nan: to += "NaN"; return;
    case Kind::plus_infinity: to += "Infinity"; return;
    case Kind::minus_infinity: to += "-Infinity"; return;
    case Kind::finite: break;
  }
  if (negative) to += '-';
  append_whole(to);
  append_fraction(to);
}

void Numeric::append_whole(std::string& to) const {
  if (count == 0 || weight < 0) {
    to += '0';
    return;
  }
  char first[5];
  to.append(first, std::to_chars(first, first + sizeof first, digit(0)).ptr);
  for (int i = 1; i <= weight; ++i) append_group(to, i < count ? digit(i) : 0);
}

void Numeric::append_fraction(std::string& to) const {
  if (scale == 0) return;
  to += '.';
  const std::size_t end = to.size() + static_cast<std::size_t>(scale);
  for (int i = weight + 1; to.size() < end; ++i) append_group(to, i >= 0 && i < count ? digit(i) : 0);
  to.resize(end);
}

}  // namespace freshet::pg_text
