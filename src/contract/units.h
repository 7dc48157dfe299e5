// Durations, sizes and shares as people write them in pipeline.yaml: "100ms", "5s", "10m", "1h", "7d";
// "256MiB", "20GB"; "10%". A number without a unit is refused: 100 of what?
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace freshet::contract {

// Whole milliseconds; nullopt when it isn't a duration of ms, s, m, h or d, or doesn't fit.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
// In the largest unit that loses nothing: 90000 ms -> "90s".
std::string format_duration(std::chrono::milliseconds duration);

// "10%" -> 10: whole, from 0 to 100; nullopt otherwise.
std::optional<int> parse_percent(std::string_view text);

// B, KB, MB, GB, TB (powers of 1000) and KiB, MiB, GiB, TiB (powers of 1024); nullopt otherwise.
std::optional<std::uint64_t> parse_bytes(std::string_view text);
std::string format_bytes(std::uint64_t bytes);

}  // namespace freshet::contract
