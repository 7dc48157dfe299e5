#include "parity/parity.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>

#include "base/clock.h"
#include "base/guarded.h"
#include "parity/table_parity.h"
#include "parity/table_repair.h"

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

// A row that waits in quarantine comes in with no snapshot, but by somebody's decision.
bool only_quarantine_differs(const TableReport& report) {
  return report.verdict == Verdict::different && report.different == report.explained &&
         report.undecided == 0;
}

// The mirror of a periodic table is right once a snapshot that began after the source's last edit is loaded;
// what differs before says nothing.
TableReport compare_periodic(const Options& options, const TableReport& begun, const ComparedTable& table,
                             postgres::Connection& source, clickhouse::Client& mirror, Mutex& turn,
                             const Progress& progress, const std::stop_token& stop) {
  constexpr std::chrono::seconds kBetweenLooks{2};
  const Clock& clock = system_clock();
  const Deadline deadline(clock, options.periodic_deadline);
  for (;;) {
    TableReport report = begun;
    TableParity(options, table, source, mirror, turn, stop, report, nullptr).run(progress);
    if (report.verdict == Verdict::equal || only_quarantine_differs(report) || deadline.passed())
      return report;
    if (!clock.sleep(kBetweenLooks, stop))
      throw Error(ErrorKind::cancelled, "stopped while waiting for the table's next snapshot");
  }
}

// Of a change the newest row says whether it waits still.
constexpr std::string_view kQuarantined = R"(
SELECT countIf(waits), maxIf(whole, waits) FROM (SELECT argMax(done_round = 0, (round, done_round)) AS waits,
argMax(of_stream, (round, done_round)) AS whole FROM freshet.quarantine WHERE table = {mirror:String}
GROUP BY version, key))";

void look_into_quarantine(const std::string& table, clickhouse::Client& mirror, TableReport& report) {
  const clickhouse::Rows rows =
      mirror.rows(kQuarantined, {.params = {clickhouse::text_param("mirror", table)}});
  report.quarantined = std::stoull(rows.at(0).at(0).value());
  report.stream_waits = rows.at(0).at(1).value() != "0";
}

void leave_to_its_interval(TableReport& report) {
  report.repaired.emplace().left.emplace_back(
      "it is periodic: each reading of it replaces its mirror, the next is an interval away");
}

TableReport compare_table(const Options& options, const contract::StreamContract& contract,
                          postgres::Connection& source, clickhouse::Client& mirror, Mutex& turn,
                          const Progress& progress, const std::stop_token& stop) {
  TableReport report = begun(contract);
  try {
    const ComparedTable table = compared_table(contract, source, mirror);
    if (table.periodic) {
      report = compare_periodic(options, report, table, source, mirror, turn, progress, stop);
      if (options.repair != nullptr && report.different > 0) leave_to_its_interval(report);
    } else {
      Differing found(options.repair != nullptr ? options.repair->keys_max : 0);
      TableParity(options, table, source, mirror, turn, stop, report, &found).run(progress);
      if (options.repair != nullptr && found.count() > 0)
        TableRepair(options, contract, table, source, mirror, turn, stop, report).run(found);
    }
  } catch (const Error& error) {
    report.leave_undecided(0, error.what());
  }
  // Also of a table that can't be compared: it may be the reason.
  try {
    look_into_quarantine(contract.mirror, mirror, report);
  } catch (const Error& error) {
    report.leave_undecided(0, error.what());
  }
  return report;
}

// All tables, a few at a time: a small one takes next to nothing but the wait for a cut.
class Comparison {
 public:
  Comparison(const Options& options, std::vector<const contract::StreamContract*> tables,
             const clickhouse::Endpoint& mirror, const Progress& progress, std::stop_token stop)
      : options_(options),
        tables_(std::move(tables)),
        endpoint_(mirror),
        progress_(progress),
        stop_(std::move(stop)),
        reports_(tables_.size()) {}

  std::vector<TableReport> run() {
    {
      std::vector<std::jthread> workers;
      for (std::size_t i = 0; i < std::min(kTablesAtOnce, tables_.size()); ++i)
        workers.emplace_back([this] { work(); });
    }
    if (failure_) std::rethrow_exception(failure_);
    return std::move(reports_);
  }

 private:
  // Each of them holds a connection to the source.
  static constexpr std::size_t kTablesAtOnce = 4;

  void work() try {
    clickhouse::Client mirror(endpoint_);
    while (!failed_) {
      const std::size_t next = next_++;
      if (next >= tables_.size()) return;
      reports_[next] = compare_one(*tables_[next], mirror);
    }
  } catch (...) {
    const MutexLock lock(mutex_);
    if (!failed_.exchange(true)) failure_ = std::current_exception();
  }

  TableReport compare_one(const contract::StreamContract& contract, clickhouse::Client& mirror) {
    if (stop_.stop_requested()) {
      TableReport report = begun(contract);
      report.leave_undecided(0, "stopped before it was compared");
      return report;
    }
    // One connection a table: one that failed for a table must not fail the next.
    postgres::Connection source = connect(options_.source_url);
    source.run("SET row_security = off");
    const Progress tell = [&](const TableReport& report) {
      const MutexLock lock(mutex_);
      if (progress_) progress_(report);
    };
    return compare_table(options_, contract, source, mirror, turn_, tell, stop_);
  }

  const Options& options_;
  const std::vector<const contract::StreamContract*> tables_;
  const clickhouse::Endpoint& endpoint_;
  const Progress& progress_;
  const std::stop_token stop_;
  std::vector<TableReport> reports_;  // each written by whoever took its table
  std::atomic<std::size_t> next_ = 0;
  std::atomic<bool> failed_ = false;
  Mutex turn_;
  Mutex mutex_;  // of progress_ and failure_
  std::exception_ptr failure_;
};

}  // namespace

Report compare(const Options& options, const std::vector<contract::StreamContract>& contracts,
               const clickhouse::Endpoint& mirror, const Progress& progress, std::stop_token stop) {
  std::vector<const contract::StreamContract*> tables;
  for (const contract::StreamContract& contract : contracts)
    if (options.only_table.empty() || options.only_table == to_string(contract.source))
      tables.push_back(&contract);
  if (tables.empty()) {
    throw Error(ErrorKind::config,
                fmt::format("no contract is about a table called '{}'", options.only_table),
                "name it as in the contracts: schema.table");
  }
  return {Comparison(options, std::move(tables), mirror, progress, std::move(stop)).run()};
}

}  // namespace freshet::parity
