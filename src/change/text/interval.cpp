#include "change/text/interval.h"

#include <charconv>
#include <limits>

#include "change/text/calendar.h"

namespace freshet::pg_text {
namespace {

// PostgreSQL 17 has infinite intervals: every part at its end.
template <class T>
using Ends = std::numeric_limits<T>;

bool is_infinity(const Interval& interval) {
  return interval.months == Ends<std::int32_t>::max() && interval.days == Ends<std::int32_t>::max() &&
         interval.micros == Ends<std::int64_t>::max();
}

bool is_minus_infinity(const Interval& interval) {
  return interval.months == Ends<std::int32_t>::min() && interval.days == Ends<std::int32_t>::min() &&
         interval.micros == Ends<std::int64_t>::min();
}

void append_number(std::string& to, std::int64_t value) {
  char digits[20];
  to.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

// "12Y", and nothing for 0.
void append_part(std::string& to, std::int64_t value, char unit) {
  if (value == 0) return;
  append_number(to, value);
  to += unit;
}

// "-6.7S"; the sign stands before the whole even where the seconds are 0.
void append_seconds(std::string& to, std::int64_t micros) {
  if (micros == 0) return;
  if (micros < 0) to += '-';
  const std::int64_t seconds = micros / kMicrosPerSecond;
  append_number(to, seconds < 0 ? -seconds : seconds);
  std::int64_t fraction = micros % kMicrosPerSecond;
  if (fraction < 0) fraction = -fraction;
  if (fraction != 0) {
    char digits[8];
    std::to_chars(digits, digits + sizeof digits, kMicrosPerSecond + fraction);  // "1ffffff"
    std::size_t length = 6;
    while (digits[length] == '0') --length;
    to += '.';
    to.append(digits + 1, length);
  }
  to += 'S';
}

}  // namespace

void append_interval(std::string& to, const Interval& interval) {
  if (is_infinity(interval)) return void(to += "infinity");
  if (is_minus_infinity(interval)) return void(to += "-infinity");
  if (interval.months == 0 && interval.days == 0 && interval.micros == 0) return void(to += "PT0S");
  constexpr std::int64_t kMicrosPerHour = 3600 * kMicrosPerSecond;
  constexpr std::int64_t kMicrosPerMinute = 60 * kMicrosPerSecond;
  to += 'P';
  append_part(to, interval.months / 12, 'Y');
  append_part(to, interval.months % 12, 'M');
  append_part(to, interval.days, 'D');
  if (interval.micros == 0) return;
  to += 'T';
  append_part(to, interval.micros / kMicrosPerHour, 'H');
  append_part(to, interval.micros % kMicrosPerHour / kMicrosPerMinute, 'M');
  append_seconds(to, interval.micros % kMicrosPerMinute);
}

}  // namespace freshet::pg_text
