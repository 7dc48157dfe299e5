// freshet doctor: everything that can be wrong, before it goes wrong. Only reads: nothing is made on DATA, at
// the source or in ClickHouse, and a line that runs isn't disturbed.
#include <fmt/format.h>

#include "adapter/files/directory.h"
#include "app/commands.h"
#include "app/control.h"
#include "app/doctor/checks.h"
#include "app/first_start.h"
#include "app/line_status_json.h"
#include "app/running_project.h"

namespace freshet::app {
namespace {

std::optional<clickhouse::Endpoint> clickhouse_of(const LineOptions& options, const DataDir& data,
                                                  bool load_runs) {
  if (options.clickhouse) return options.clickhouse;
  if (!load_runs) return std::nullopt;
  const auto answer = ask(data.socket(Role::load), "status");
  if (!answer) return std::nullopt;
  const std::string url = line_status_from_json(*answer).endpoints.clickhouse;
  return url.empty() ? std::nullopt : std::optional(clickhouse::Endpoint(url));
}

// A cluster that can't be asked is a finding; the rest is looked at as for a line that has run.
bool look_for_journal(const LineOptions& options, const DataDir& data, doctor::Findings& findings) {
  try {
    const bool found = has_journal(options, data);
    if (options.kafka)
      findings.ok("Kafka", options.kafka->cluster.brokers,
                  found
                      ? fmt::format("has the journal, topics {}.*", options.kafka->prefix)
                      : fmt::format("answers; the first start makes the topics {}.*", options.kafka->prefix));
    return found;
  } catch (const Error& error) {
    findings.error("Kafka", options.kafka ? options.kafka->cluster.brokers : "", error);
    return true;
  }
}

}  // namespace

int run(const DoctorCommand& command) {
  const DataDir data = DataDir::seen(command.data);
  const LineOptions options = line_options(project_of(command.project, data), environment_for(data));
  const bool load_runs = is_taken(data, Role::load);
  doctor::Findings findings;
  const doctor::Patient patient{.options = options,
                                .data = data,
                                .has_journal = look_for_journal(options, data, findings),
                                .capture_runs = is_taken(data, Role::capture),
                                .load_runs = load_runs,
                                .clickhouse = clickhouse_of(options, data, load_runs)};
  findings.ok("project", options.project.name,
              fmt::format("{} contracts, each with a mirror that can be made", options.contracts.size()));
  check_source(patient, findings);
  check_machine(patient, findings);
  check_line(patient, findings);
  check_clickhouse(patient, findings);
  fmt::print("{}\n", command.json ? to_json(findings) : to_text(findings));
  return findings.exit_status();
}

}  // namespace freshet::app
