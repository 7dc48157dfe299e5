// Named points at which tests kill the process, to show that what was confirmed survives and what wasn't is
// repeated.
//
//   FRESHET_CRASH_AT=journalled:17   the 17th time the process passes crash_point("journalled") it kills
//   itself (-9)
//
// Costs one load of a flag when no crash is asked for.
#pragma once

#include <atomic>
#include <string_view>

namespace freshet {

namespace detail {
extern std::atomic<bool> crash_asked_for;
void maybe_crash(std::string_view name);
}  // namespace detail

inline void crash_point(std::string_view name) {
  if (detail::crash_asked_for.load(std::memory_order_relaxed)) detail::maybe_crash(name);
}

}  // namespace freshet
