#include "cpu.h"

#include <sstream>

#include "support/processes.h"

namespace freshet::bench {
namespace {

const std::string kRest = "the rest of freshet";
const std::string kEngine = "freshet-store (ClickHouse)";
const std::string kPostgres = "PostgreSQL, for Freshet";

// Lines like: freshet_cpu_seconds_total{step="receive"} 1.25
Cpu counted_steps(const std::string& exposition) {
  const std::string family = "freshet_cpu_seconds_total{step=\"";
  Cpu cpu;
  std::istringstream lines(exposition);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(family)) continue;
    const std::size_t end = line.find('"', family.size());
    cpu[line.substr(family.size(), end - family.size())] = std::stod(line.substr(line.find(' ', end)));
  }
  return cpu;
}

}  // namespace

const std::vector<std::string> kSteps{"copy",  "receive", "decode", "append", "read",   "convert",
                                      "block", "insert",  kRest,    kEngine,  kPostgres};

Cpu cpu_so_far(const test::Line& line, test::TestDatabase& database) {
  Cpu cpu = counted_steps(line.metrics());
  double steps = 0;
  for (const auto& [step, seconds] : cpu) steps += seconds;
  for (const test::SeenProcess& process : test::processes_with(line.data())) {
    if (process.program.ends_with("freshet-store")) cpu[kEngine] += test::cpu_seconds_of(process.pid);
    if (process.program.ends_with("freshet")) cpu[kRest] += test::cpu_seconds_of(process.pid);
  }
  cpu[kRest] -= steps;
  const auto backends = database.sql(
      "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE "
      "'freshet "
      "%' AND pid <> pg_backend_pid()");
  for (int i = 0; i < backends.rows(); ++i)
    cpu[kPostgres] += test::cpu_seconds_of(static_cast<pid_t>(backends.integer(i, 0)));
  return cpu;
}

Cpu operator-(Cpu after, const Cpu& before) {
  for (const auto& [step, seconds] : before) after[step] -= seconds;
  return after;
}

Cpu& operator+=(Cpu& sum, const Cpu& more) {
  for (const auto& [step, seconds] : more) sum[step] += seconds;
  return sum;
}

}  // namespace freshet::bench
