#include <fmt/format.h>

#include <chrono>
#include <string_view>

#include "adapter/clickhouse/client.h"
#include "app/canary_contract.h"
#include "app/doctor/checks.h"
#include "base/shell_word.h"
#include "load/ddl.h"
#include "load/mirror.h"
#include "load/sweep_question.h"

namespace freshet::app::doctor {
namespace {

constexpr const char* kClickHouse = "ClickHouse";
constexpr int kOldestVersion = 26;  // the first whose answers and statements were tried
constexpr std::chrono::seconds kDeadline{10};

// What load asks for; reading alone is parity's.
constexpr const char* kRights[] = {"CREATE DATABASE", "CREATE TABLE", "CREATE VIEW", "DROP TABLE",
                                   "INSERT",          "SELECT",       "ALTER DELETE"};

void check_version(clickhouse::Client& client, Findings& findings) {
  const std::string version = client.value("SELECT version()");
  const int major = std::atoi(version.c_str());
  if (major >= kOldestVersion)
    findings.ok("version", kClickHouse, "version " + version);
  else
    findings.warn("version", kClickHouse,
                  fmt::format("is version {}; older than {} is untried", version, kOldestVersion),
                  "upgrade ClickHouse");
}

void check_rights(clickhouse::Client& client, const std::string& user, Findings& findings) {
  for (const char* right : kRights) {
    if (client.value(fmt::format("CHECK GRANT {} ON *.*", right)) == "1") continue;
    findings.error("rights", kClickHouse, fmt::format("the user {} may not {}", user, right),
                   fmt::format("GRANT {} ON *.* TO {}", right, clickhouse::quote_identifier(user)));
  }
}

void check_mirrors(clickhouse::Client& client, const Patient& patient, Findings& findings) {
  std::vector<load::TableDefinition> tables;
  for (const contract::StreamContract& contract : patient.options.contracts)
    for (load::TableDefinition& table : load::tables_of(load::make_mirror(contract)))
      tables.push_back(std::move(table));
  const auto differences = load::Tables::differences(client, tables);
  for (const auto& [table, other] : differences)
    findings.error("mirror", fmt::format("{}.{}", table.database, table.name),
                   "isn't what the contract asks for: " + other.text,
                   other.change.empty() ? other.next_step() : other.change);
  if (differences.empty())
    findings.ok("mirrors", kClickHouse, "those that are there are what the contracts ask for");
}

void check_sweeps(clickhouse::Client& client, const Patient& patient, Findings& findings) {
  if (client.value("EXISTS TABLE freshet.sweeps") != "1") return;  // nothing was ever loaded
  const auto sweeps = load::list_sweeps(client);
  for (const contract::StreamContract& contract : patient.options.contracts) {
    const auto sweep = sweeps.find(contract.mirror);
    if (sweep == sweeps.end() || sweep->second.state != load::SweepState::asked) continue;
    const std::string stream = contract::to_string(contract.source);
    findings.warn(
        "sweep", stream,
        fmt::format("its last reading didn't see {} of its mirror's {} rows at the source, and asks "
                    "before it takes them away",
                    sweep->second.rows, sweep->second.of),
        fmt::format("look at the source, then: freshet sweep allow {0}, or: freshet sweep refuse "
                    "{0} --because TEXT",
                    shell_word(stream)));
  }
}

}  // namespace

void check_clickhouse(const Patient& patient, Findings& findings) {
  if (!patient.clickhouse) {
    findings.ok("reach", kClickHouse,
                "the embedded one doesn't run now, so its mirrors weren't looked at; `freshet up` starts it");
    return;
  }
  try {
    clickhouse::Client client(*patient.clickhouse);
    client.ping(kDeadline);
    check_version(client, findings);
    if (patient.options.clickhouse)  // the embedded one is ours
      check_rights(client, patient.clickhouse->credentials().user, findings);
    check_mirrors(client, patient, findings);
    check_sweeps(client, patient, findings);
  } catch (const Error& error) {
    findings.couldnt_look("reach", kClickHouse, error);
  }
}

}  // namespace freshet::app::doctor
