// adshop-generator: creates the reference database, fills it with history, keeps it busy.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <ctime>

#include "adapter/postgres/connection.h"
#include "history.h"
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
  CLI11_PARSE(app, argc, argv);
  try {
    if (schema->parsed()) run_schema(arguments);
    if (history->parsed()) run_history(arguments);
  } catch (const Error& error) {
    fmt::print(stderr, "adshop-generator: {}\n", error.what());
    return 1;
  }
  return 0;
}
