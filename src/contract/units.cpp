#include "contract/units.h"

#include <fmt/format.h>

#include <charconv>
#include <iterator>

namespace freshet::contract {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// Smallest first, so that formatting can look for the largest from the end.
constexpr Unit kDurations[] = {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
constexpr Unit kSizes[] = {
    {"B", 1},
    {"KB", 1'000},
    {"KiB", 1ull << 10},
    {"MB", 1'000'000},
    {"MiB", 1ull << 20},
    {"GB", 1'000'000'000},
    {"GiB", 1ull << 30},
    {"TB", 1'000'000'000'000},
    {"TiB", 1ull << 40},
};
constexpr std::uint64_t kLargest = INT64_MAX;

template <std::size_t N>
std::optional<std::uint64_t> parse(std::string_view text, const Unit (&units)[N]) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [after, failed] = std::from_chars(text.data(), end, number);
  if (failed != std::errc() || after == text.data()) return std::nullopt;
  std::string_view unit(after, static_cast<std::size_t>(end - after));
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  for (const Unit& known : units) {
    if (unit != known.name) continue;
    if (number > kLargest / known.factor) return std::nullopt;
    return number * known.factor;
  }
  return std::nullopt;
}

template <std::size_t N>
std::string format(std::uint64_t value, const Unit (&units)[N]) {
  for (auto unit = std::rbegin(units); unit != std::rend(units); ++unit) {
    if (value != 0 && value % unit->factor == 0) return fmt::format("{}{}", value / unit->factor, unit->name);
  }
  return fmt::format("0{}", units[0].name);
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto ms = parse(text, kDurations);
  if (!ms) return std::nullopt;
  return std::chrono::milliseconds(*ms);
}

std::string format_duration(std::chrono::milliseconds duration) {
  return format(static_cast<std::uint64_t>(duration.count()), kDurations);
}

std::optional<int> parse_percent(std::string_view text) {
  int value = 0;
  const char* end = text.data() + text.size();
  const auto [after, failed] = std::from_chars(text.data(), end, value);
  const bool whole = failed == std::errc() && std::string_view(after, end) == "%";
  return whole && value >= 0 && value <= 100 ? std::optional(value) : std::nullopt;
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  return parse(text, kSizes);
}

std::string format_bytes(std::uint64_t bytes) {
  return format(bytes, kSizes);
}

}  // namespace freshet::contract
