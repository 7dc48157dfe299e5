#include "parity/parity.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "parity/table_parity.h"

namespace freshet::parity {
namespace {

postgres::Connection connect(const std::string& url) {
  return postgres::Connection(
      {.url = url, .purpose = "freshet parity", .statement_timeout = std::chrono::minutes(10)});
}

TableReport begun(const contract::StreamContract& contract) {
  TableReport report;
  report.table = to_string(contract.source);
  report.mirror = "raw." + contract.mirror;
  return report;
}

// The mirror of a periodic table is right once a snapshot that began after the source's last edit is loaded;
// what differs before says nothing.
TableReport compare_periodic(const Options& options, const TableReport& begun, const ComparedTable& table,
                             postgres::Connection& source, clickhouse::Client& mirror,
                             const Progress& progress, const std::stop_token& stop) {
  constexpr std::chrono::seconds kBetweenLooks{2};
  const Clock& clock = system_clock();
  const Deadline deadline(clock, options.periodic_deadline);
  for (;;) {
    TableReport report = begun;
    TableParity(options, table, source, mirror, stop, report).run(progress);
    if (report.verdict == Verdict::equal || deadline.passed()) return report;
    if (!clock.sleep(kBetweenLooks, stop))
      throw Error(ErrorKind::cancelled, "stopped while waiting for the table's next snapshot");
  }
}

TableReport compare_table(const Options& options, const contract::StreamContract& contract,
                          postgres::Connection& source, clickhouse::Client& mirror, const Progress& progress,
                          const std::stop_token& stop) {
  TableReport report = begun(contract);
  try {
    const ComparedTable table = compared_table(contract, source, mirror);
    if (table.periodic) {
      report = compare_periodic(options, report, table, source, mirror, progress, stop);
    } else {
      TableParity(options, table, source, mirror, stop, report).run(progress);
    }
  } catch (const Error& error) {
    report.leave_undecided(0, error.what());
  }
  return report;
}

}  // namespace

Report compare(const Options& options, const std::vector<contract::StreamContract>& contracts,
               const clickhouse::Endpoint& mirror, const Progress& progress, std::stop_token stop) {
  clickhouse::Client client(mirror);
  Report report;
  for (const contract::StreamContract& contract : contracts) {
    if (!options.only_table.empty() && options.only_table != to_string(contract.source)) continue;
    if (stop.stop_requested()) {
      report.tables.push_back(begun(contract));
      report.tables.back().leave_undecided(0, "stopped before it was compared");
      continue;
    }
    // One connection a table: one that failed for a table must not fail the next.
    postgres::Connection source = connect(options.source_url);
    source.run("SET row_security = off");
    report.tables.push_back(compare_table(options, contract, source, client, progress, stop));
  }
  if (report.tables.empty()) {
    throw Error(ErrorKind::config,
                fmt::format("no contract is about a table called '{}'", options.only_table),
                "name it as in the contracts: schema.table");
  }
  return report;
}

}  // namespace freshet::parity
