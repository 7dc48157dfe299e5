// Other processes as the kernel shows them (proc(5)): found by what their command line says.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace freshet::test {

struct SeenProcess {
  pid_t pid = 0;
  std::string program;  // the command line's first word
};

// Those whose command line holds `text`.
std::vector<SeenProcess> processes_with(std::string_view text);

// Of all threads of the process so far; 0 when it isn't there.
double cpu_seconds_of(pid_t pid);

}  // namespace freshet::test
