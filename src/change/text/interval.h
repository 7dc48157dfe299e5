// interval as PostgreSQL writes it with IntervalStyle iso_8601: "P1Y2M3DT4H5M6.7S". Months, days and
// microseconds stay apart: "P1M" isn't "P30D".
#pragma once

#include <cstdint>
#include <string>

namespace freshet::pg_text {

struct Interval {
  std::int32_t months = 0;
  std::int32_t days = 0;
  std::int64_t micros = 0;
};

void append_interval(std::string& to, const Interval& interval);

}  // namespace freshet::pg_text
