#include "measure.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace freshet::bench {
namespace {

namespace fs = std::filesystem;

std::string contents(const fs::path& file) {
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// "pid (name) state …": user and system time are the fields 14 and 15 (proc(5)).
void add_thread(const std::string& program, const std::string& stat, std::map<std::string, double>& to) {
  const std::size_t open = stat.find('(');
  const std::size_t close = stat.rfind(')');
  if (open == std::string::npos || close == std::string::npos) return;
  std::istringstream fields(stat.substr(close + 2));
  std::string field;
  double ticks = 0;
  for (int number = 3; number <= 15 && fields >> field; ++number) {
    if (number >= 14) ticks += std::stod(field);
  }
  to[program + "/" + stat.substr(open + 1, close - open - 1)] +=
      ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

}  // namespace

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values.empty() ? 0 : values[values.size() / 2];
}

std::map<std::string, double> cpu_seconds(const std::vector<std::string>& words) {
  std::map<std::string, double> seconds;
  std::error_code gone;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::string command = contents(entry.path() / "cmdline");
    if (std::ranges::none_of(
            words, [&](const std::string& word) { return command.find(word) != std::string::npos; })) {
      continue;
    }
    const std::string program = fs::path(command.substr(0, command.find('\0'))).filename();
    for (const auto& task : fs::directory_iterator(entry.path() / "task", gone)) {
      add_thread(program.substr(0, 40), contents(task.path() / "stat"), seconds);
    }
  }
  return seconds;
}

std::map<std::string, double> used(const std::map<std::string, double>& before,
                                   const std::map<std::string, double>& after) {
  std::map<std::string, double> between;
  for (const auto& [name, seconds] : after) {
    const auto found = before.find(name);
    const double spent = seconds - (found == before.end() ? 0 : found->second);
    if (spent > 0.005) between[name] = spent;
  }
  return between;
}

}  // namespace freshet::bench
