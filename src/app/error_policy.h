// The one table from a kind of error to what becomes of the stage that met it, and to the operator's next
// step where the error itself names none. Plain values; the supervisor's threads read them.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/error.h"

namespace freshet::app {

enum class Action {
  retry,              // soon, with back-off: it mends itself
  wait_for_operator,  // now and then: somebody mends it elsewhere, and the stage goes on by itself
  stop,               // going on could do harm or is of no use; the next start tries again
};

std::string_view to_string(Action action);

struct Policy {
  ErrorKind kind;
  Action action;
  std::chrono::milliseconds first_pause;
  std::chrono::milliseconds longest_pause;
  std::string_view hint;
};

const Policy& policy_for(ErrorKind kind);

// The error's own hint, or the table's.
std::string hint_of(const Error& error);

// The n-th pause (from 0): doubled each time, up to the longest.
std::chrono::milliseconds pause_after(const Policy& policy, int failures_in_a_row);

}  // namespace freshet::app
