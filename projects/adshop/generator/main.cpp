// adshop-generator: creates the reference database, fills it with history, keeps it busy.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <ctime>
#include <thread>

#include "adapter/postgres/connection.h"
#include "history.h"
#include "live.h"
#include "schema.h"

namespace {

using namespace freshet;
using namespace freshet::adshop;

struct Arguments {
  std::string url;
  std::uint64_t seed = 1;
  int days = 7;
  double scale = 1;
  std::string until;
  double rate = 1000;
  int for_seconds = 0;
  bool json = false;
  std::string oddities = "on";
  bool unchecked = false;
};

postgres::Connection connect(const std::string& url) {
  return postgres::Connection({.url = url, .purpose = "adshop-generator"});
}

double cpu_seconds() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void run_schema(const Arguments& arguments) {
  postgres::Connection connection = connect(arguments.url);
  create_schema(connection);
  fmt::print("created the schema app: 27 tables, publication freshet\n");
}

void run_history(const Arguments& arguments) {
  postgres::Connection connection = connect(arguments.url);
  HistoryOptions options{
      .days = arguments.days, .seed = arguments.seed, .scale = arguments.scale, .until = {}};
  // The current hour is left to live traffic.
  options.until = arguments.until.empty()
                      ? std::chrono::floor<std::chrono::hours>(std::chrono::system_clock::now())
                      : parse_instant(arguments.until);
  const double begun = steady_seconds();
  const std::int64_t rows = write_history(connection, options, [&](const HistoryProgress& progress) {
    fmt::print("day {}/{}  {} rows  {:.0f} rows/s\n", progress.days_done, options.days, progress.rows,
               static_cast<double>(progress.rows) / (steady_seconds() - begun));
    std::fflush(stdout);
  });
  const double took = steady_seconds() - begun;
  fmt::print("history: {} rows up to {} in {:.1f} s, {:.0f} rows/s, {:.1f} s of CPU\n", rows,
             to_text(options.until), took, static_cast<double>(rows) / took, cpu_seconds());
}

// What has been done; changes_before: a second ago.
void print_live(const LiveTotals& totals, std::int64_t changes_before, bool json) {
  const std::int64_t lately = totals.changes - changes_before;
  if (json) {
    fmt::print(
        R"({{"seconds": {:.1f}, "changes": {}, "changes_per_second": {}, "transactions": {}, "reconnects": {}, )"
        R"("failures": {}, "cpu_seconds": {:.2f}}})"
        "\n",
        totals.time.count(), totals.changes, lately, totals.transactions, totals.reconnects, totals.failures,
        cpu_seconds());
  } else {
    fmt::print("{:7.1f} s  {:>10} changes  {:>6} changes/s\n", totals.time.count(), totals.changes, lately);
  }
  std::fflush(stdout);
}

void print_end(const LiveTotals& totals, bool json) {
  if (json) return;
  const double cpu = cpu_seconds();
  fmt::print(
      "live: {} changes in {} transactions in {:.1f} s, {} reconnects, {} refusals; {:.2f} s of CPU, {:.2f} "
      "per "
      "100,000 changes\n",
      totals.changes, totals.transactions, totals.time.count(), totals.reconnects, totals.failures, cpu,
      cpu * 1e5 / static_cast<double>(std::max<std::int64_t>(1, totals.changes)));
  for (const auto& [name, count] : totals.oddities) fmt::print("  {:>6}  {}\n", count, name);
}

// A thread of its own takes the signals and asks to stop; a second one ends the process at once.
std::jthread stop_on_signals(std::stop_source& source) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM}) sigaddset(&signals, number);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return std::jthread([signals, &source](std::stop_token ended) {
    const timespec look_again{.tv_sec = 0, .tv_nsec = 100'000'000};
    while (!ended.stop_requested()) {
      if (sigtimedwait(&signals, nullptr, &look_again) < 0) continue;
      if (!source.request_stop()) std::_Exit(130);
    }
  });
}

void run_live_traffic(const Arguments& arguments) {
  LiveOptions options{
      .url = arguments.url, .rate = arguments.rate, .seed = arguments.seed, .duration = {}, .oddities = true};
  options.oddities = arguments.oddities == "on";
  options.unchecked = arguments.unchecked;
  if (arguments.for_seconds > 0) options.duration = std::chrono::seconds(arguments.for_seconds);
  std::stop_source stop;
  const std::jthread signals = stop_on_signals(stop);
  std::int64_t before = 0;
  const LiveTotals totals =
      run_live(options, system_clock(), stop.get_token(), [&](const LiveTotals& so_far) {
        print_live(so_far, before, arguments.json);
        before = so_far.changes;
      });
  if (arguments.json) print_live(totals, before, true);
  print_end(totals, arguments.json);
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Creates the reference database adshop, fills it with history and keeps it busy.");
  app.require_subcommand(1);
  const auto add_url = [&](CLI::App* command) {
    command
        ->add_option("URL", arguments.url, "postgres://user@host:port/database; a password from PGPASSWORD")
        ->required();
  };
  CLI::App* schema = app.add_subcommand("schema", "create types, tables, partitions and the publication");
  add_url(schema);
  CLI::App* history =
      app.add_subcommand("history", "write days of history into new tables (needs a superuser)");
  add_url(history);
  history->add_option("--days", arguments.days, "how many, up to now")
      ->capture_default_str()
      ->check(CLI::Range(1, 800));
  history->add_option("--seed", arguments.seed, "the same seed gives the same data")->capture_default_str();
  history->add_option("--scale", arguments.scale, "of traffic; 1: about 80,000 rows a day")
      ->capture_default_str()
      ->check(CLI::Range(0.001, 1000.0));
  history->add_option("--until", arguments.until,
                      "its end, 2026-11-22T15:00:00Z; the current hour's begin if left out");
  CLI::App* live = app.add_subcommand("live", "write traffic until Ctrl-C");
  add_url(live);
  live->add_option("--rate", arguments.rate, "changes per second")
      ->capture_default_str()
      ->check(CLI::Range(1.0, 1e6));
  live->add_option("--seed", arguments.seed, "of what is invented")->capture_default_str();
  live->add_option("--for", arguments.for_seconds, "seconds; without it until stopped")
      ->check(CLI::Range(1, 100'000'000));
  live->add_option("--oddities", arguments.oddities, "off: inserts and updates only, for benchmarks")
      ->capture_default_str()
      ->check(CLI::IsMember({"on", "off"}));
  live->add_flag(
      "--unchecked", arguments.unchecked,
      "let foreign keys go unchecked: a third of the server's work; needs --oddities off and a superuser");
  live->add_flag("--json", arguments.json, "a JSON line each second");
  CLI11_PARSE(app, argc, argv);
  try {
    if (schema->parsed()) run_schema(arguments);
    if (history->parsed()) run_history(arguments);
    if (live->parsed()) run_live_traffic(arguments);
  } catch (const Error& error) {
    fmt::print(stderr, "adshop-generator: {}\n", error.what());
    return 1;
  }
  return 0;
}
