// The whole line against physical limits, in one run on one machine:
//
//   stream     committed -> queryable of 1,000-row transactions, against pg_recvlogical to /dev/null on the
//   same data big        the same for one transaction of all rows snapshot   against COPY … (format binary)
//   to /dev/null latency    commit -> queryable of adshop's 25 streams at a steady rate
//
//   line_bench [stream|big|snapshot|latency]… ; ROWS=1000000 RUNS=5 RATE=5000
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "change/lsn.h"
#include "line/line.h"
#include "measure.h"

namespace freshet::bench {
namespace {

using namespace std::chrono_literals;

long number(const char* name, long otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::atol(text);
}

constexpr const char* kOrders = R"(
CREATE TABLE orders (
  id bigint PRIMARY KEY, workspace_id uuid NOT NULL, shop_id bigint NOT NULL, order_name text NOT NULL,
  source_name text, currency char(3) NOT NULL, discount_amount numeric(14,2) NOT NULL, tax_amount numeric(14,2) NOT NULL,
  total_amount numeric(14,2) NOT NULL, is_test boolean NOT NULL, processed_at timestamptz, created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL))";

// `rows` orders from `from` on, as a SELECT over generate_series.
std::string orders(long from, long rows) {
  return fmt::format(
      "INSERT INTO orders SELECT i, '00000000-0000-4000-8000-000000000001'::uuid, i % 100, '#' || i, 'web', "
      "'USD', "
      "(i % 700) / 100.0, (i % 900) / 100.0, (i % 99999) / 100.0, false, now(), now(), now() FROM "
      "generate_series({}, {}) i",
      from, from + rows - 1);
}

class Bench {
 public:
  Bench()
      : server_(
            {"shared_buffers = 512MB", "max_wal_size = 8GB", "checkpoint_timeout = 1h", "autovacuum = off"}),
        rows_(number("ROWS", 1'000'000)),
        runs_(number("RUNS", 5)) {}

  // Streamed changes: written while the line is down, then read by pg_recvlogical and by the line.
  void stream(const std::string& title, long rows_per_transaction) {
    test::TestDatabase database(server_.url());
    database.sql(kOrders);
    test::TempDir dir;
    const std::string project = test::init_project(dir, database.url());
    test::Line line(project, database.url());
    line.start();
    if (!line.wait_until_loaded()) throw std::runtime_error(line.log_tail());
    line.stop();
    database.sql("SELECT pg_create_logical_replication_slot('peer', 'pgoutput')");
    std::vector<double> peer, ours, ratio;
    std::map<std::string, double> cpu;
    for (long run = 0; run < runs_; ++run) {
      write(database, run * rows_ + 1, rows_per_transaction);
      const std::string end(database.sql("SELECT pg_current_wal_flush_lsn()").text(0, 0));
      peer.push_back(static_cast<double>(rows_) / timed([&] { receive(database, end); }));
      ours.push_back(static_cast<double>(rows_) / load(line, database, end, cpu));
      ratio.push_back(ours.back() / peer.back());
      std::cerr << fmt::format("{} run {}: peer {:.0f}, ours {:.0f} rows/s\n", title, run + 1, peer.back(),
                               ours.back());
    }
    std::cout << fmt::format("| {} | pg_recvlogical | {:.0f} | {:.0f} | {:.2f} |\n", title, median(peer),
                             median(ours), median(ratio));
    print_cpu(title, cpu, static_cast<double>(rows_ * runs_));
  }

  void snapshot() {
    std::vector<double> peer, ours, ratio;
    for (long run = 0; run < runs_; ++run) {
      test::TestDatabase database(server_.url());
      database.sql(kOrders);
      database.sql(orders(1, rows_));
      database.sql("VACUUM ANALYZE orders");
      peer.push_back(static_cast<double>(rows_) / timed([&] {
                       database.connection().copy_out(
                           "COPY orders TO STDOUT (FORMAT binary)", [](std::string_view) {}, 600s);
                     }));
      ours.push_back(static_cast<double>(rows_) / first_snapshot(database));
      ratio.push_back(ours.back() / peer.back());
      std::cerr << fmt::format("snapshot run {}: peer {:.0f}, ours {:.0f} rows/s\n", run + 1, peer.back(),
                               ours.back());
    }
    std::cout << fmt::format("| snapshot | COPY (format binary) | {:.0f} | {:.0f} | {:.2f} |\n", median(peer),
                             median(ours), median(ratio));
  }

  void latency() {
    namespace fs = std::filesystem;
    test::TempDir dir;
    test::TestDatabase database(server_.url());
    const std::string rate = std::to_string(number("RATE", 5'000));
    const std::string project = dir.path() + "/adshop";
    fs::copy(fs::path(std::getenv("FRESHET_SOURCE_DIR")) / "projects/adshop", project,
             fs::copy_options::recursive);
    generate({"schema", database.url()});
    generate({"history", "--days", "1", "--seed", "1", database.url()});
    test::Line line(project, database.url());
    line.start();
    if (!line.wait_until_loaded(300s)) throw std::runtime_error(line.log_tail());
    const std::vector<std::string> words{line.data(), "postgres:"};
    const auto before = cpu_seconds(words);
    generate({"live", "--rate", rate, "--seed", "2", "--oddities", "off", "--for", "40", database.url()});
    if (!line.wait_until_loaded()) throw std::runtime_error(line.log_tail());
    const auto cpu = used(before, cpu_seconds(words));
    clickhouse::Client client(line.clickhouse().value());
    print_latency(client, rate);
    print_cpu("latency at " + rate + "/s", cpu, 40 * std::stod(rate));
    line.stop();
  }

 private:
  void write(test::TestDatabase& database, long from, long rows_per_transaction) {
    for (long done = 0; done < rows_; done += rows_per_transaction) {
      database.sql(orders(from + done, std::min(rows_per_transaction, rows_ - done)));
    }
  }

  static void run_or_throw(const std::vector<std::string>& arguments) {
    if (test::run({.arguments = arguments, .environment = {}, .output = "/dev/null", .user = ""}, 900s) !=
        0) {
      throw std::runtime_error("failed: " + arguments[0]);
    }
  }

  static void receive(test::TestDatabase& database, const std::string& end) {
    run_or_throw({"/usr/lib/postgresql/15/bin/pg_recvlogical", "--dbname=" + database.url(), "--slot=peer",
                  "--start", "--file=/dev/null", "--endpos=" + end, "-o", "proto_version=2", "-o",
                  "publication_names=freshet", "-o", "binary=true", "-o", "streaming=on", "-o",
                  "messages=true", "--no-loop"});
  }

  static void generate(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), test::built("adshop-generator"));
    run_or_throw(arguments);
  }

  // Seconds from the moment the slot is read until the last row is below a recorded cut.
  static double load(test::Line& line, test::TestDatabase& database, const std::string& end,
                     std::map<std::string, double>& cpu) {
    const long long wanted = static_cast<long long>(parse_lsn(end).value());
    line.start();
    test::eventually(
        [&] {
          return database.sql("SELECT 1 FROM pg_replication_slots WHERE slot_name = 'freshet' AND active")
                     .rows() > 0;
        },
        60s);
    const std::vector<std::string> words{line.data(), "walsender"};
    const auto before = cpu_seconds(words);
    const double seconds = timed([&] { test::eventually([&] { return newest_cut(line) >= wanted; }, 900s); });
    for (const auto& [name, spent] : used(before, cpu_seconds(words))) cpu[name] += spent;
    line.stop();
    return seconds;
  }

  static long long newest_cut(test::Line& line) {
    const auto endpoint = line.clickhouse();
    if (!endpoint) return 0;
    try {
      return std::stoll(clickhouse::Client(*endpoint).value("SELECT max(commit_lsn) FROM freshet.cuts"));
    } catch (const Error&) {
      return 0;
    }
  }

  static double first_snapshot(test::TestDatabase& database) {
    test::TempDir dir;
    test::Line line(test::init_project(dir, database.url()), database.url());
    line.start();
    test::eventually(
        [&] {
          return database.sql("SELECT 1 FROM pg_replication_slots WHERE slot_name = 'freshet'").rows() > 0;
        },
        60s);
    const double seconds = timed([&] { line.wait_until_loaded(600s); });
    line.stop();
    return seconds;
  }

  static void print_latency(clickhouse::Client& client, const std::string& rate) {
    std::string rows;
    for (const auto& table : client.rows("SELECT name FROM system.tables WHERE database = 'raw' AND name NOT "
                                         "IN ('exchange_rates', 'attribution_settings')")) {
      rows +=
          (rows.empty() ? "" : " UNION ALL ") +
          fmt::format(
              "SELECT _round, _committed_at FROM raw.`{}` WHERE bitAnd(_version, 18446744073709551615) > 0",
              table.at(0).value());
    }
    const auto quantiles = client.rows(
        "SELECT arrayMap(q -> round(q), quantiles(0.5, 0.95, 0.99)(dateDiff('millisecond', _committed_at, "
        "at))), count(), "
        "uniqExact(_round) FROM (" +
        rows + ") AS r JOIN freshet.cuts AS c ON c.round = r._round");
    std::cout << fmt::format("| latency at {}/s, ms p50, p95, p99 | {} | rows {} | rounds {} | |\n", rate,
                             quantiles.at(0).at(0).value(), quantiles.at(0).at(1).value(),
                             quantiles.at(0).at(2).value());
  }

  static void print_cpu(const std::string& title, const std::map<std::string, double>& cpu, double rows) {
    std::vector<std::pair<double, std::string>> sorted;
    for (const auto& [name, seconds] : cpu) sorted.emplace_back(seconds / rows * 1e6, name);
    std::ranges::sort(sorted, std::greater());
    std::cout << "\nCPU seconds per million rows, " << title << ":\n\n";
    for (const auto& [seconds, name] : sorted) {
      if (seconds >= 0.02) std::cout << fmt::format("| {} | {:.2f} |\n", name, seconds);
    }
    std::cout << std::endl;
  }

  test::PostgresServer server_;
  long rows_;
  long runs_;
};

}  // namespace
}  // namespace freshet::bench

int main(int argc, char** argv) {
  const std::vector<std::string> asked(argv + 1, argv + argc);
  const auto wanted = [&](const char* name) {
    return asked.empty() || std::ranges::find(asked, name) != asked.end();
  };
  freshet::bench::Bench bench;
  std::cout << "| what | against | it, rows/s | ours, rows/s | ratio |\n| --- | --- | --- | --- | --- |\n";
  if (wanted("stream")) bench.stream("1,000-row transactions", 1'000);
  if (wanted("big")) bench.stream("one transaction", freshet::bench::number("ROWS", 1'000'000));
  if (wanted("snapshot")) bench.snapshot();
  if (wanted("latency")) bench.latency();
}
