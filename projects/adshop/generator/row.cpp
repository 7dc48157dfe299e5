#include "row.h"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <iterator>

#include "base/error.h"

namespace freshet::adshop {
namespace {

using std::chrono::days;
using std::chrono::floor;

void append_date(std::string& to, Instant instant) {
  const std::chrono::year_month_day day(floor<days>(instant));
  fmt::format_to(std::back_inserter(to), FMT_COMPILE("{:04}-{:02}-{:02}"), static_cast<int>(day.year()),
                 static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
}

void append_wall_clock(std::string& to, Instant instant) {
  append_date(to, instant);
  const std::int64_t of_day = (instant - floor<days>(instant)).count();
  const std::int64_t seconds = of_day / 1'000'000;
  fmt::format_to(std::back_inserter(to), FMT_COMPILE(" {:02}:{:02}:{:02}.{:06}"), seconds / 3600,
                 seconds / 60 % 60, seconds % 60, of_day % 1'000'000);
}

void append_hex(std::string& to, std::string_view bytes) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  for (const char c : bytes) {
    to += kHex[static_cast<std::uint8_t>(c) >> 4];
    to += kHex[static_cast<std::uint8_t>(c) & 15];
  }
}

void append_copy_text(std::string& to, std::string_view value) {
  for (const char c : value) {
    switch (c) {
      case '\\': to += "\\\\"; break;
      case '\n': to += "\\n"; break;
      case '\t': to += "\\t"; break;
      case '\r': to += "\\r"; break;
      default: to += c;
    }
  }
}

void append_literal(std::string& to, std::string_view value) {
  to += '\'';
  for (const char c : value) {
    if (c == '\'') to += '\'';
    to += c;  // a backslash is an ordinary letter: standard_conforming_strings
  }
  to += '\'';
}

}  // namespace

Row::Row(std::string& to, RowForm form) : to_(to), form_(form) {
  if (form_ == RowForm::values) to_ += '(';
}

void Row::end() {
  to_ += form_ == RowForm::copy ? '\n' : ')';
}

void Row::separate() {
  if (!first_) to_ += form_ == RowForm::copy ? '\t' : ',';
  first_ = false;
}

void Row::quoted(std::string_view value) {
  separate();
  if (form_ == RowForm::values) to_ += '\'';
  to_ += value;
  if (form_ == RowForm::values) to_ += '\'';
}

Row& Row::null() {
  separate();
  to_ += form_ == RowForm::copy ? "\\N" : "NULL";
  return *this;
}

Row& Row::integer(std::int64_t value) {
  separate();
  fmt::format_to(std::back_inserter(to_), FMT_COMPILE("{}"), value);
  return *this;
}

Row& Row::decimal(std::int64_t value, int scale) {
  static constexpr std::array<std::int64_t, 11> kPowers = {
      1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000, 10'000'000'000};
  separate();
  const std::int64_t power = kPowers[static_cast<std::size_t>(scale)];
  const std::int64_t size = value < 0 ? -value : value;
  if (value < 0) to_ += '-';
  fmt::format_to(std::back_inserter(to_), FMT_COMPILE("{}.{:0{}}"), size / power, size % power, scale);
  return *this;
}

Row& Row::real(double value) {
  separate();
  fmt::format_to(std::back_inserter(to_), FMT_COMPILE("{}"), value);
  return *this;
}

Row& Row::boolean(bool value) {
  separate();
  to_ += value ? "true" : "false";
  return *this;
}

Row& Row::text(std::string_view value) {
  separate();
  form_ == RowForm::copy ? append_copy_text(to_, value) : append_literal(to_, value);
  return *this;
}

Row& Row::bytes(std::string_view value) {
  separate();
  to_ += form_ == RowForm::copy ? "\\\\x" : "'\\x";
  append_hex(to_, value);
  if (form_ == RowForm::values) to_ += '\'';
  return *this;
}

Row& Row::uuid(const Uuid& value) {
  quoted(adshop::to_text(value));
  return *this;
}

Row& Row::instant(Instant value) {
  quoted(adshop::to_text(value));
  return *this;
}

Row& Row::date(Instant value) {
  quoted(date_text(value));
  return *this;
}

Row& Row::local(Instant wall_clock) {
  std::string text;
  append_wall_clock(text, wall_clock);
  quoted(text);
  return *this;
}

std::string to_text(Instant instant) {
  std::string text;
  text.reserve(32);
  append_wall_clock(text, instant);
  return text += "+00";
}

std::string date_text(Instant instant) {
  std::string text;
  append_date(text, instant);
  return text;
}

Instant parse_instant(std::string_view text) {
  // year, month, day, hour, minute, second; the fraction follows its dot.
  std::array<int, 6> parts{};
  const char* at = text.data();
  const char* end = at + text.size();
  for (std::size_t i = 0; i < parts.size() && at < end; ++i) {
    const auto [after, failed] = std::from_chars(at, end, parts[i]);
    if (failed != std::errc()) break;
    at = after < end && *after != '.' && *after != '+' ? after + 1 : after;
  }
  std::int64_t micros = 0;
  if (at < end && *at == '.') {
    std::int64_t unit = 100'000;
    for (++at; at < end && *at >= '0' && *at <= '9'; ++at, unit /= 10) micros += (*at - '0') * unit;
  }
  const std::chrono::year_month_day day{std::chrono::year(parts[0]),
                                        std::chrono::month(static_cast<unsigned>(parts[1])),
                                        std::chrono::day(static_cast<unsigned>(parts[2]))};
  if (!day.ok())
    throw Error(ErrorKind::config, fmt::format("'{}' is no instant", text), "write 2026-11-22T15:30:00Z");
  return Instant(std::chrono::sys_days(day)) + std::chrono::hours(parts[3]) + std::chrono::minutes(parts[4]) +
         std::chrono::seconds(parts[5]) + Micros(micros);
}

std::string array_text(std::initializer_list<std::string_view> items) {
  std::string text = "{";
  for (const auto item : items) {
    if (text.size() > 1) text += ',';
    text += '"';
    for (const char c : item) {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
    text += '"';
  }
  return text + '}';
}

}  // namespace freshet::adshop
