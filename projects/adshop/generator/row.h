// A row on its way into PostgreSQL, in one of two forms: a line of COPY, or a tuple of VALUES. Values are
// written straight into the batch's text; nothing is kept between.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "random.h"

namespace freshet::adshop {

using Micros = std::chrono::microseconds;
using Instant = std::chrono::sys_time<Micros>;  // UTC
using Cents = std::int64_t;                     // hundredths of a currency unit

enum class RowForm { copy, values };

class Row {
 public:
  Row(std::string& to, RowForm form);

  Row& null();
  Row& integer(std::int64_t value);
  Row& decimal(std::int64_t value, int scale);  // value / 10^scale, exactly
  Row& money(Cents value) { return decimal(value, 2); }
  Row& real(double value);
  Row& boolean(bool value);
  Row& text(std::string_view value);  // also enums, arrays, json, inet in their text form
  Row& bytes(std::string_view value);
  Row& uuid(const Uuid& value);
  Row& instant(Instant value);
  Row& date(Instant value);
  Row& local(Instant wall_clock);  // timestamp without time zone

  Row& integer(const std::optional<std::int64_t>& value) { return value ? integer(*value) : null(); }
  Row& money(const std::optional<Cents>& value) { return value ? money(*value) : null(); }
  Row& uuid(const std::optional<Uuid>& value) { return value ? uuid(*value) : null(); }
  Row& instant(const std::optional<Instant>& value) { return value ? instant(*value) : null(); }
  Row& text_or_null(std::string_view value) { return value.empty() ? null() : text(value); }

  void end();

 private:
  void separate();
  void quoted(std::string_view value);  // nothing in it needs escaping

  std::string& to_;
  RowForm form_;
  bool first_ = true;
};

// "2026-11-22 15:30:00.123456+00"
std::string to_text(Instant instant);
std::string date_text(Instant instant);
Instant parse_instant(std::string_view text);  // what to_text wrote; throws Error{config}
// {"a","b"}, quoted as PostgreSQL reads it.
std::string array_text(std::initializer_list<std::string_view> items);

}  // namespace freshet::adshop
