#include "load/types/decimal_codec.h"

#include <algorithm>
#include <array>

namespace freshet::load {
namespace {

constexpr int kGroupDigits = 4;
constexpr int kMaxPower = 19;

constexpr std::array<std::uint64_t, kMaxPower + 1> kPowers = [] {
  std::array<std::uint64_t, kMaxPower + 1> powers{1};
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

void multiply_add(std::uint64_t& sum, std::uint64_t factor, std::uint64_t summand) {
  sum = sum * factor + summand;
}
void multiply_add(UInt128& sum, std::uint64_t factor, std::uint64_t summand) {
  sum = sum * factor + summand;
}
void multiply_add(Int256& sum, std::uint64_t factor, std::uint64_t summand) {
  sum.multiply_add(factor, summand);
}

template <class Sum>
void multiply_by_power(Sum& sum, int power) {
  for (; power > 0; power -= kMaxPower)
    multiply_add(sum, kPowers[static_cast<std::size_t>(std::min(power, kMaxPower))], 0);
}

int digits_of(int group) {
  return group >= 1000 ? 4 : group >= 100 ? 3 : group >= 10 ? 2 : 1;
}

// Collects digits in a machine word before they go into a wide sum.
template <class Sum>
class DigitSum {
 public:
  explicit DigitSum(Sum& sum) : sum_(sum) {}
  void push(int digit) {
    word_ = word_ * 10 + static_cast<std::uint64_t>(digit);
    if (++digits_ == kMaxPower - 1) flush();
  }
  void flush() {
    multiply_add(sum_, kPowers[static_cast<std::size_t>(digits_)], word_);
    word_ = 0;
    digits_ = 0;
  }

 private:
  Sum& sum_;
  std::uint64_t word_ = 0;
  int digits_ = 0;
};

bool all_digits(std::string_view text) {
  return text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

template <class Sum>
std::optional<Unfit> scaled(const pg_text::Numeric& number, int precision, int scale, Sum& sum) {
  int first = 0;
  while (first < number.count && number.digit(first) == 0) ++first;
  if (first == number.count) return std::nullopt;
  const int whole_digits = (number.weight - first) * kGroupDigits + digits_of(number.digit(first));
  if (whole_digits + scale > precision) return Unfit::out_of_range;
  // The exponent of each group's last digit in the scaled integer.
  int exponent = 0;
  for (int i = first; i < number.count; ++i) {
    const auto group = static_cast<std::uint64_t>(number.digit(i));
    exponent = (number.weight - i) * kGroupDigits + scale;
    if (exponent >= 0) {
      multiply_add(sum, kPowers[kGroupDigits], group);
      continue;
    }
    const auto below = static_cast<std::size_t>(std::min(-exponent, kGroupDigits));
    if (group % kPowers[below] != 0) return Unfit::fraction;
    multiply_add(sum, kPowers[kGroupDigits - below], group / kPowers[below]);
  }
  multiply_by_power(sum, exponent);
  return std::nullopt;
}

template <class Sum>
std::optional<Unfit> scaled(std::string_view text, int precision, int scale, Sum& sum, bool& negative) {
  if (text == "NaN") return Unfit::nan;
  if (text == "Infinity" || text == "-Infinity") return Unfit::infinity;
  negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const std::size_t point = std::min(text.find('.'), text.size());
  std::string_view whole = text.substr(0, point);
  std::string_view fraction = text.substr(std::min(point + 1, text.size()));
  if (whole.empty() || !all_digits(whole) || !all_digits(fraction)) return Unfit::malformed;
  whole.remove_prefix(std::min(whole.find_first_not_of('0'), whole.size()));
  while (fraction.ends_with('0')) fraction.remove_suffix(1);
  if (!whole.empty() && static_cast<int>(whole.size()) + scale > precision) return Unfit::out_of_range;
  if (fraction.size() > static_cast<std::size_t>(scale)) return Unfit::fraction;

  DigitSum<Sum> digits(sum);
  for (const char c : whole) digits.push(c - '0');
  for (const char c : fraction) digits.push(c - '0');
  digits.flush();
  multiply_by_power(sum, scale - static_cast<int>(fraction.size()));
  return std::nullopt;
}

template std::optional<Unfit> scaled(const pg_text::Numeric&, int, int, std::uint64_t&);
template std::optional<Unfit> scaled(const pg_text::Numeric&, int, int, UInt128&);
template std::optional<Unfit> scaled(const pg_text::Numeric&, int, int, Int256&);
template std::optional<Unfit> scaled(std::string_view, int, int, std::uint64_t&, bool&);
template std::optional<Unfit> scaled(std::string_view, int, int, UInt128&, bool&);
template std::optional<Unfit> scaled(std::string_view, int, int, Int256&, bool&);

}  // namespace freshet::load
