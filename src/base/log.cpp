#include "base/log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cmath>

#include "base/json_text.h"

namespace freshet::log {
namespace {

std::atomic<Level> lowest_level{Level::info};
std::atomic<int> output{STDERR_FILENO};

std::string_view name_of(Level level) {
  switch (level) {
    case Level::debug: return "debug";
    case Level::info: return "info";
    case Level::warn: return "warn";
    case Level::error: return "error";
  }
  return "info";
}

void append_value(std::string& line, const Field& field) {
  std::visit(
      [&](const auto& value) {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, std::string>)
          append_json_string(line, value);
        else if constexpr (std::is_same_v<T, bool>)
          line += value ? "true" : "false";
        else if constexpr (std::is_same_v<T, double>)
          line += std::isfinite(value) ? fmt::format("{}", value) : "null";
        else
          line += fmt::format("{}", value);
      },
      field.value);
}

}  // namespace

void configure(Level lowest, int file_descriptor) {
  lowest_level = lowest;
  output = file_descriptor;
}

void write(Level level, std::string_view event, Fields fields) {
  if (level < lowest_level) return;
  const auto now = std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  std::string line = fmt::format(R"({{"ts":"{:%FT%T}.{:03}Z","level":"{}","event":)", now,
                                 now.time_since_epoch().count() % 1000, name_of(level));
  append_json_string(line, event);
  for (const Field& field : fields) {
    line += ',';
    append_json_string(line, field.name);
    line += ':';
    append_value(line, field);
  }
  line += "}\n";
  // A log that can't be written must not stop the line.
  [[maybe_unused]] const auto written = ::write(output, line.data(), line.size());
}

}  // namespace freshet::log
