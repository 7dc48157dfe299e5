// CHECK(condition): a bug if false. On in release, too: the process ends at once and restarts from its
// durable position, which is safer than going on with a broken assumption.
#pragma once

namespace freshet {
[[noreturn]] void check_failed(const char* condition, const char* file, int line);
}

#define CHECK(condition)                                                       \
  do {                                                                         \
    if (!(condition)) ::freshet::check_failed(#condition, __FILE__, __LINE__); \
  } while (false)
