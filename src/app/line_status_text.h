// LineStatus for people: the picture that the terminal redraws, `freshet status`, and the plain lines where
// there is no terminal. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/line_status.h"

namespace freshet::app {

struct TextStyle {
  bool color = false;
  std::size_t width = 100;  // columns; longer lines are cut
  std::size_t height = 40;  // lines; streams that don't fit are counted in one line
};

// The whole picture, a line each.
std::vector<std::string> picture(const LineStatus& status, const TextStyle& style);

// Lines without colour or position, for logs: the total, each running snapshot, each stream that moves or
// lags, and what is wrong.
std::vector<std::string> plain_lines(const LineStatus& status);

// "1,234,567", "12.3 MB", "00:01:40".
std::string grouped(std::uint64_t number);
std::string lag_text(const std::optional<double>& seconds);  // "12.3"; "unknown"
std::string human_bytes(double bytes);
std::string clock_time(double seconds);

}  // namespace freshet::app
