// A zone's wall clock, from the machine's time zone database.
#pragma once

#include <string>

#include "row.h"

namespace freshet::adshop {

// The wall clock of `zone` (IANA) at `instant`. Throws Error{config} when the machine doesn't know the zone.
Instant wall_clock(const std::string& zone, Instant instant);

inline int hour_of(Instant wall) {
  return static_cast<int>((wall - std::chrono::floor<std::chrono::days>(wall)) / std::chrono::hours(1));
}

// Whether it is Saturday or Sunday on this wall clock.
inline bool is_weekend(Instant wall) {
  const std::chrono::weekday day(std::chrono::floor<std::chrono::days>(wall));
  return day == std::chrono::Saturday || day == std::chrono::Sunday;
}

}  // namespace freshet::adshop
