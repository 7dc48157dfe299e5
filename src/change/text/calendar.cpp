#include "change/text/calendar.h"

#include <charconv>

namespace freshet::pg_text {
namespace {

constexpr std::string_view kBc = " BC";

void append_padded(std::string& to, std::int64_t value, int width) {
  char digits[20];
  const auto [end, failed] = std::to_chars(digits, digits + sizeof digits, value);
  for (auto length = end - digits; length < width; ++length) to += '0';
  to.append(digits, end);
}

void append_day(std::string& to, const Civil& date) {
  append_padded(to, date.year > 0 ? date.year : 1 - date.year, 4);
  to += '-';
  append_padded(to, date.month, 2);
  to += '-';
  append_padded(to, date.day, 2);
}

// Takes exactly `width` digits, or with width 0 any number of them, from the front.
bool take_number(std::string_view& text, std::size_t width, std::int64_t& value) {
  const std::size_t length = width != 0 ? width : std::min(text.find_first_not_of("0123456789"), text.size());
  if (length == 0 || length > text.size()) return false;
  const char* end = text.data() + length;
  const auto [after, failed] = std::from_chars(text.data(), end, value);
  if (failed != std::errc() || after != end || text.front() == '-') return false;
  text.remove_prefix(length);
  return true;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

bool take_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

// The year as it is written, before a possible BC.
bool take_day(std::string_view& text, Civil& date) {
  std::int64_t month = 0;
  std::int64_t day = 0;
  if (!take_number(text, 0, date.year) || !take(text, '-') || !take_number(text, 2, month) ||
      !take(text, '-') || !take_number(text, 2, day))
    return false;
  date.month = static_cast<unsigned>(month);
  date.day = static_cast<unsigned>(day);
  constexpr std::int64_t kMaxYear = 6'000'000;  // beyond PostgreSQL's last day, 5874897-12-31
  return date.year >= 1 && date.year < kMaxYear && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

bool take_fraction(std::string_view& text, std::int64_t& micros) {
  micros = 0;
  if (!take(text, '.')) return true;
  const std::size_t before = text.size();
  if (!take_number(text, 0, micros)) return false;
  const std::size_t digits = before - text.size();
  if (digits > 6) return false;
  for (std::size_t i = digits; i < 6; ++i) micros *= 10;
  return true;
}

bool take_time(std::string_view& text, std::int64_t& micros) {
  std::int64_t hour = 0;
  std::int64_t minute = 0;
  std::int64_t second = 0;
  std::int64_t fraction = 0;
  if (!take_number(text, 2, hour) || !take(text, ':') || !take_number(text, 2, minute) || !take(text, ':') ||
      !take_number(text, 2, second) || !take_fraction(text, fraction))
    return false;
  micros = ((hour * 60 + minute) * 60 + second) * kMicrosPerSecond + fraction;
  return hour < 24 && minute < 60 && second < 60;
}

// A day that doesn't exist (31 February) comes out as another one.
bool exists(const Civil& date) {
  const Civil back = civil_from_days(days_from_civil(date));
  return back.month == date.month && back.day == date.day;
}

}  // namespace

// Both after Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms": eras of 400 years, years that
// begin in March.
std::int64_t days_from_civil(const Civil& date) {
  const std::int64_t year = date.month <= 2 ? date.year - 1 : date.year;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t month = date.month > 2 ? date.month - 3 : date.month + 9;
  const std::int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
  const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

Civil civil_from_days(std::int64_t days) {
  days += 719'468;
  const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const std::int64_t day_of_era = days - era * 146'097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month = (5 * day_of_year + 2) / 153;
  Civil date;
  date.day = static_cast<unsigned>(day_of_year - (153 * month + 2) / 5 + 1);
  date.month = static_cast<unsigned>(month < 10 ? month + 3 : month - 9);
  date.year = year_of_era + era * 400 + (date.month <= 2 ? 1 : 0);
  return date;
}

void append_date(std::string& to, std::int64_t days) {
  const Civil date = civil_from_days(days);
  append_day(to, date);
  if (date.year <= 0) to += kBc;
}

void append_time(std::string& to, std::int64_t micros_of_day) {
  const std::int64_t seconds = micros_of_day / kMicrosPerSecond;
  append_padded(to, seconds / 3600, 2);
  to += ':';
  append_padded(to, seconds / 60 % 60, 2);
  to += ':';
  append_padded(to, seconds % 60, 2);
  const std::int64_t fraction = micros_of_day % kMicrosPerSecond;
  if (fraction == 0) return;
  to += '.';
  append_padded(to, fraction, 6);
  while (to.back() == '0') to.pop_back();
}

Instant Instant::from_postgres(std::int64_t micros_since_2000) {
  std::int64_t days = micros_since_2000 / kMicrosPerDay;
  std::int64_t micros = micros_since_2000 % kMicrosPerDay;
  if (micros < 0) {
    micros += kMicrosPerDay;
    --days;
  }
  return {days + kPostgresEpochDays, micros};
}

void append_timestamp(std::string& to, const Instant& instant, bool with_zone) {
  const Civil date = civil_from_days(instant.days);
  append_day(to, date);
  to += ' ';
  append_time(to, instant.micros);
  if (with_zone) to += "+00";
  if (date.year <= 0) to += kBc;
}

void append_zone(std::string& to, std::int32_t seconds_west) {
  to += seconds_west <= 0 ? '+' : '-';
  const std::int32_t seconds = seconds_west <= 0 ? -seconds_west : seconds_west;
  append_padded(to, seconds / 3600, 2);
  if (seconds % 3600 == 0) return;
  to += ':';
  append_padded(to, seconds / 60 % 60, 2);
  if (seconds % 60 == 0) return;
  to += ':';
  append_padded(to, seconds % 60, 2);
}

std::optional<std::int64_t> parse_date(std::string_view text) {
  const bool bc = take_suffix(text, kBc);
  Civil date;
  if (!take_day(text, date) || !text.empty()) return std::nullopt;
  if (bc) date.year = 1 - date.year;
  if (!exists(date)) return std::nullopt;
  return days_from_civil(date);
}

std::optional<Instant> parse_timestamp(std::string_view text, bool with_zone) {
  const bool bc = take_suffix(text, kBc);
  if (with_zone && !take_suffix(text, "+00")) return std::nullopt;
  Civil date;
  std::int64_t time = 0;
  if (!take_day(text, date) || !take(text, ' ') || !take_time(text, time) || !text.empty())
    return std::nullopt;
  if (bc) date.year = 1 - date.year;
  if (!exists(date)) return std::nullopt;
  return Instant{days_from_civil(date), time};
}

}  // namespace freshet::pg_text
