// Days and times of day as PostgreSQL writes them with DateStyle ISO and TimeZone UTC: the proleptic
// Gregorian calendar, years before 1 as "BC". Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace freshet::pg_text {

inline constexpr std::int64_t kMicrosPerSecond = 1'000'000;
inline constexpr std::int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;
// PostgreSQL counts from 2000-01-01, everybody else from 1970-01-01.
inline constexpr std::int64_t kPostgresEpochDays = 10'957;

struct Civil {
  std::int64_t year = 1970;  // 0 is 1 BC
  unsigned month = 1;
  unsigned day = 1;
};

// A point in time as day and time of day: PostgreSQL's last timestamps don't fit into 64 bits of microseconds
// since 1970.
struct Instant {
  std::int64_t days = 0;    // since 1970-01-01
  std::int64_t micros = 0;  // of the day, never negative

  static Instant from_postgres(std::int64_t micros_since_2000);
};

// Days since 1970-01-01.
std::int64_t days_from_civil(const Civil& date);
Civil civil_from_days(std::int64_t days);

// "2024-01-31", "0044-03-15 BC"
void append_date(std::string& to, std::int64_t days);
// "12:34:56", "12:34:56.5"; 24:00:00 is a time, too.
void append_time(std::string& to, std::int64_t micros_of_day);
// "2024-01-31 12:34:56.5" and, with a zone, "2024-01-31 12:34:56.5+00"; BC at the end.
void append_timestamp(std::string& to, const Instant& instant, bool with_zone);
// "+02", "-03:30", "+00:00:01", from PostgreSQL's seconds west of Greenwich.
void append_zone(std::string& to, std::int32_t seconds_west);

// The reverse of append_date and append_timestamp; nothing for anything else ("infinity" among it).
std::optional<std::int64_t> parse_date(std::string_view text);
std::optional<Instant> parse_timestamp(std::string_view text, bool with_zone);

}  // namespace freshet::pg_text
