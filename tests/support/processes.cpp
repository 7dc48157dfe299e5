#include "support/processes.h"

#include <unistd.h>

#include <filesystem>
#include <sstream>

#include "support/files.h"

namespace freshet::test {

namespace fs = std::filesystem;

std::vector<SeenProcess> processes_with(std::string_view text) {
  std::vector<SeenProcess> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::string command = contents(entry.path() / "cmdline");
    if (command.find(text) == std::string::npos) continue;
    found.push_back({.pid = std::stoi(name), .program = command.substr(0, command.find('\0'))});
  }
  return found;
}

// "pid (name) state …": user and system time are the fields 14 and 15.
double cpu_seconds_of(pid_t pid) {
  const std::string stat = contents(fs::path("/proc") / std::to_string(pid) / "stat");
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(stat.substr(name_end + 1));
  std::string field;
  double ticks = 0;
  for (int number = 3; number <= 15 && fields >> field; ++number)
    if (number >= 14) ticks += std::stod(field);
  return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

}  // namespace freshet::test
