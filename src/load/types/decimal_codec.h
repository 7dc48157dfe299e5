// DecimalCodec (see fixed_column.h): numeric to Decimal(p, s), never rounded. Value is the scaled integer as
// ClickHouse stores it: Int32 up to 9 digits, Int64 up to 18, Int128 up to 38, Int256 up to 76.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

#include "base/int128.h"
#include "base/int256.h"
#include "change/text/numeric.h"
#include "load/types/unfit.h"

namespace freshet::load {

// |number| * 10^scale, when it has at most `precision` digits. Sum: std::uint64_t, UInt128 or Int256, wide
// enough for them.
template <class Sum>
std::optional<Unfit> scaled(const pg_text::Numeric& number, int precision, int scale, Sum& sum);

// The same of text: "-12.50", "NaN", "Infinity".
template <class Sum>
std::optional<Unfit> scaled(std::string_view text, int precision, int scale, Sum& sum, bool& negative);

template <class Stored>
struct DecimalCodec {
  using Value = Stored;
  using Sum = std::conditional_t<(sizeof(Stored) <= 8), std::uint64_t,
                                 std::conditional_t<sizeof(Stored) == 16, UInt128, Int256>>;

  int precision = 0;
  int scale = 0;

  std::optional<Unfit> from_binary(std::string_view bytes, Value& value) const {
    const std::optional<pg_text::Numeric> number = pg_text::Numeric::read(bytes);
    if (!number) return Unfit::malformed;
    if (number->kind == pg_text::Numeric::Kind::nan) return Unfit::nan;
    if (number->kind != pg_text::Numeric::Kind::finite) return Unfit::infinity;
    Sum sum(0);
    if (const std::optional<Unfit> unfit = scaled(*number, precision, scale, sum)) return unfit;
    value = with_sign(sum, number->negative);
    return std::nullopt;
  }

  std::optional<Unfit> from_text(std::string_view text, Value& value) const {
    Sum sum(0);
    bool negative = false;
    if (const std::optional<Unfit> unfit = scaled(text, precision, scale, sum, negative)) return unfit;
    value = with_sign(sum, negative);
    return std::nullopt;
  }

 private:
  static Value with_sign(const Sum& sum, bool negative) {
    if constexpr (std::is_same_v<Sum, Int256>)
      return negative ? -sum : sum;
    else
      return static_cast<Value>(negative ? -sum : sum);
  }
};

}  // namespace freshet::load
