// JSON-lines log. An event is a snake_case name with typed fields; never a row's values, never a secret.
// Safe to call from any thread; one line is written by one write(2).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace freshet::log {

enum class Level { debug, info, warn, error };

struct Field {
  std::string_view name;
  std::variant<std::string, std::int64_t, std::uint64_t, double, bool> value;

  Field(std::string_view name, std::string_view text) : name(name), value(std::string(text)) {}
  Field(std::string_view name, const std::string& text) : name(name), value(text) {}
  Field(std::string_view name, const char* text) : name(name), value(std::string(text)) {}
  Field(std::string_view name, bool flag) : name(name), value(flag) {}
  Field(std::string_view name, double number) : name(name), value(number) {}
  template <class T>
    requires std::is_integral_v<T>
  Field(std::string_view name, T number) : name(name) {
    if constexpr (std::is_signed_v<T>)
      value = static_cast<std::int64_t>(number);
    else
      value = static_cast<std::uint64_t>(number);
  }
};

using Fields = std::initializer_list<Field>;

// Where lines go (default: standard error) and which are left out (default: below info). Set once, at start.
void configure(Level lowest, int file_descriptor);

void write(Level level, std::string_view event, Fields fields);

inline void debug(std::string_view event, Fields fields = {}) {
  write(Level::debug, event, fields);
}
inline void info(std::string_view event, Fields fields = {}) {
  write(Level::info, event, fields);
}
inline void warn(std::string_view event, Fields fields = {}) {
  write(Level::warn, event, fields);
}
inline void error(std::string_view event, Fields fields = {}) {
  write(Level::error, event, fields);
}

}  // namespace freshet::log
