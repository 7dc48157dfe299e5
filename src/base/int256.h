// Int256: as much of a 256-bit integer as decimals need: built digit by digit, negated, compared. Two's
// complement, least significant limb first, as ClickHouse stores it.
#pragma once

#include <array>
#include <cstdint>

#include "base/int128.h"

namespace freshet {

struct Int256 {
  std::array<std::uint64_t, 4> limbs{};

  constexpr Int256() = default;
  constexpr explicit Int256(std::uint64_t value) : limbs{value, 0, 0, 0} {}

  // this * factor + summand; the caller keeps it within 255 bits.
  constexpr void multiply_add(std::uint64_t factor, std::uint64_t summand) {
    UInt128 carry = summand;
    for (std::uint64_t& limb : limbs) {
      carry += UInt128{limb} * factor;
      limb = static_cast<std::uint64_t>(carry);
      carry >>= 64;
    }
  }

  constexpr Int256 operator-() const {
    Int256 negated;
    UInt128 carry = 1;
    for (std::size_t i = 0; i < limbs.size(); ++i) {
      carry += static_cast<std::uint64_t>(~limbs[i]);
      negated.limbs[i] = static_cast<std::uint64_t>(carry);
      carry >>= 64;
    }
    return negated;
  }

  friend constexpr bool operator==(const Int256&, const Int256&) = default;
};

}  // namespace freshet
