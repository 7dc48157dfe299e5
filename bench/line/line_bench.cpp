// The whole line against physical limits, in one run on one machine:
//
//   stream     committed -> queryable of 1,000-row transactions, against pg_recvlogical to /dev/null
//   big        the same for one transaction of all rows
//   snapshot   against COPY … (format binary) to /dev/null
//   latency    commit -> queryable of adshop's 25 streams at a steady rate
//
//   bench_line [stream|big|snapshot|latency]… ; ROWS=1000000 RUNS=5 RATE=5000
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <sstream>
#include <stdexcept>

#include "change/lsn.h"
#include "cpu.h"
#include "line/line.h"
#include "measure.h"
#include "page.h"
#include "support/files.h"

namespace freshet::bench {
namespace {

using namespace std::chrono_literals;

constexpr long kLatencySeconds = 40;

// Of the environment; make hands on what wasn't given as an empty text.
long number(const char* name, long otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr || *text == '\0' ? otherwise : std::atol(text);
}

constexpr const char* kOrders = R"(
CREATE TABLE orders (
  id bigint PRIMARY KEY, workspace_id uuid NOT NULL, shop_id bigint NOT NULL, order_name text NOT NULL,
  source_name text, currency char(3) NOT NULL, discount_amount numeric(14,2) NOT NULL,
  tax_amount numeric(14,2) NOT NULL, total_amount numeric(14,2) NOT NULL, is_test boolean NOT NULL,
  processed_at timestamptz, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL))";

// `rows` orders from id `from` on, none alike.
std::string insert_orders(long from, long rows) {
  return fmt::format(
      "INSERT INTO orders SELECT i, md5((i % 500)::text)::uuid, i % 100, '#' || i, 'web', 'USD', "
      "(i % 700) / 100.0, (i % 900) / 100.0, (i % 99999) / 100.0, false, now(), now(), now() "
      "FROM generate_series({}, {}) i",
      from, from + rows - 1);
}

void run_or_throw(const std::vector<std::string>& arguments) {
  const test::TempDir dir;
  const std::string output = dir.path() + "/output";
  const int status =
      test::run({.arguments = arguments, .environment = {}, .output = output, .user = ""}, 900s);
  if (status == 0) return;
  throw std::runtime_error(
      fmt::format("{} failed ({}):\n{}", fmt::join(arguments, " "), status, test::contents(output)));
}

void require(bool reached, const test::Line& line) {
  if (!reached) throw std::runtime_error("the line didn't get there:\n" + line.log_tail());
}

// The sum of a metric over its labels; 0 while the line doesn't answer.
double metric(const test::Line& line, const std::string& name) {
  std::istringstream lines(line.metrics());
  double sum = 0;
  for (std::string text; std::getline(lines, text);)
    if (text.starts_with(name + " ") || text.starts_with(name + "{"))
      sum += std::stod(text.substr(text.rfind(' ')));
  return sum;
}

// Looks seldom, and asks freshet, not the engine: it is being measured.
void wait_for(const test::Line& line, const std::function<bool()>& reached) {
  constexpr int kPauses = 10;
  const auto until = std::chrono::steady_clock::now() + 900s;
  while (!reached()) {
    require(std::chrono::steady_clock::now() < until, line);
    for (int i = 0; i < kPauses; ++i) test::pause_between_looks();
  }
}

// Whether the line's own slot is there, and in the state that `condition` names.
bool has_slot(test::TestDatabase& database, const std::string& condition) {
  return database
             .sql(fmt::format("SELECT 1 FROM pg_replication_slots WHERE slot_name = '{}' AND {}",
                              test::slot_for(database.url()), condition))
             .rows() > 0;
}

// Changes that were committed while nobody read: what pg_recvlogical and the line make of the same WAL.
class Backlog {
 public:
  Backlog(const test::PostgresServer& server, long rows, long rows_per_transaction)
      : database_(server.url()), rows_(rows), rows_per_transaction_(rows_per_transaction) {
    database_.sql(kOrders);
    line_ = std::make_unique<test::Line>(test::init_project(dir_, database_.url()), database_.url());
    line_->start();
    require(line_->wait_until_loaded(), *line_);
    line_->stop();
    database_.sql("SELECT pg_create_logical_replication_slot('peer', 'pgoutput')");
  }

  void write(long run) {
    const long from = run * rows_ + 1;
    for (long done = 0; done < rows_; done += rows_per_transaction_) {
      const auto last = database_.sql(insert_orders(from + done, rows_per_transaction_) +
                                      "; SELECT pg_current_wal_insert_lsn()");
      in_last_ = parse_lsn(last.text(0, 0));
    }
    end_ = database_.sql("SELECT pg_current_wal_flush_lsn()").text(0, 0);
  }

  double seconds_of_peer() {
    return timed([&] {
      run_or_throw({"/usr/lib/postgresql/15/bin/pg_recvlogical", "--dbname=" + database_.url(), "--slot=peer",
                    "--start", "--file=/dev/null", "--endpos=" + end_, "-o", "proto_version=2", "-o",
                    "publication_names=freshet", "-o", "binary=true", "-o", "streaming=on", "-o",
                    "messages=true", "--no-loop"});
    });
  }

  // From the moment the slot is read until the last row is below a recorded cut.
  double seconds_of_line(Cpu& cpu) {
    line_->start();
    wait_for(*line_, [&] { return has_slot(database_, "active"); });
    const Cpu before = cpu_so_far(*line_, database_);
    const double seconds = timed([&] {
      wait_for(*line_, [&] {
        return metric(*line_, "freshet_load_cut_lsn") >= static_cast<double>(in_last_.value());
      });
    });
    cpu += cpu_so_far(*line_, database_) - before;
    line_->stop();
    return seconds;
  }

 private:
  test::TempDir dir_;
  test::TestDatabase database_;
  std::unique_ptr<test::Line> line_;
  const long rows_;
  const long rows_per_transaction_;
  Lsn in_last_;      // within the last transaction: a cut at or above it holds all of it
  std::string end_;  // after it
};

class Bench {
 public:
  void stream() { compare_backlog("1,000-row transactions", 1'000, 0.9); }
  void big() { compare_backlog("one transaction", rows_, 0.8); }

  void snapshot() {
    Compared compared{"snapshot", "COPY (format binary)", 0.5};
    Cpu cpu;
    for (long run = 0; run < runs_; ++run) {
      test::TestDatabase database(server_.url());
      database.sql(kOrders);
      database.sql(insert_orders(1, rows_));
      database.sql("VACUUM ANALYZE orders");
      const auto theirs = [&] {
        return timed([&] {
          database.connection().copy_out(
              "COPY orders TO STDOUT (FORMAT binary)", [](std::string_view) {}, 600s);
        });
      };
      take_turns(compared, run, theirs, [&] { return first_snapshot(database, cpu); });
    }
    page_.add(compared);
    page_.add(compared.what, cpu, static_cast<double>(rows_ * runs_));
  }

  void latency() {
    namespace fs = std::filesystem;
    test::TempDir dir;
    test::TestDatabase database(server_.url());
    const std::string project = dir.path() + "/adshop";
    fs::copy(fs::path(std::getenv("FRESHET_SOURCE_DIR")) / "projects/adshop", project,
             fs::copy_options::recursive);
    generate({"schema", database.url()});
    generate({"history", "--days", "1", "--seed", "1", database.url()});
    test::Line line(project, database.url());
    line.start();
    require(line.wait_until_loaded(300s), line);
    const std::string before =
        clickhouse::Client(line.clickhouse().value()).value("SELECT max(round) FROM freshet.cuts");
    const Cpu cpu_before = cpu_so_far(line, database);
    const long rate = number("RATE", 5'000);
    generate({"live", "--rate", std::to_string(rate), "--seed", "2", "--oddities", "off", "--unchecked",
              "--for", std::to_string(kLatencySeconds), database.url()});
    require(line.wait_until_loaded(), line);
    const Cpu cpu = cpu_so_far(line, database) - cpu_before;
    const Latency latency = latency_of(line, static_cast<double>(rate), before);
    line.stop();
    page_.add(latency);
    page_.add(fmt::format("{} changes/s", rate), cpu, static_cast<double>(latency.rows));
  }

  const Page& page() const { return page_; }

 private:
  void compare_backlog(const std::string& what, long rows_per_transaction, double aim) {
    Backlog backlog(server_, rows_, rows_per_transaction);
    Compared compared{what, "pg_recvlogical", aim};
    Cpu cpu;
    for (long run = 0; run < runs_; ++run) {
      backlog.write(run);
      take_turns(
          compared, run, [&] { return backlog.seconds_of_peer(); },
          [&] { return backlog.seconds_of_line(cpu); });
    }
    page_.add(compared);
    page_.add(what, cpu, static_cast<double>(rows_ * runs_));
  }

  // A machine that gets faster or slower favours now one, now the other.
  void take_turns(Compared& compared, long run, const std::function<double()>& theirs,
                  const std::function<double()>& ours) const {
    const auto rows = static_cast<double>(rows_);
    if (run % 2 == 0) compared.theirs.push_back(rows / theirs());
    compared.ours.push_back(rows / ours());
    if (run % 2 == 1) compared.theirs.push_back(rows / theirs());
    std::cerr << fmt::format("{}, run {}: {} {:.0f} rows/s, Freshet {:.0f}\n", compared.what, run + 1,
                             compared.against, compared.theirs.back(), compared.ours.back());
  }

  static void generate(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), test::built("adshop-generator"));
    run_or_throw(arguments);
  }

  // From the moment the slot is there until every row is below a recorded cut.
  double first_snapshot(test::TestDatabase& database, Cpu& cpu) const {
    const test::TempDir dir;
    test::Line line(test::init_project(dir, database.url()), database.url());
    line.start();
    wait_for(line, [&] { return has_slot(database, "true"); });
    const double seconds = timed([&] {
      wait_for(line, [&] { return metric(line, "freshet_load_rows_total") >= static_cast<double>(rows_); });
    });
    cpu += cpu_so_far(line, database);
    line.stop();
    return seconds;
  }

  // Of the rows that came after `round`, from their commit to the moment their round's cut was recorded.
  static Latency latency_of(const test::Line& line, double rate, const std::string& round) {
    clickhouse::Client client(line.clickhouse().value());
    std::string rows;
    for (const auto& table : client.rows(
             "SELECT name FROM system.tables WHERE database = 'raw' AND name NOT IN ('exchange_rates', "
             "'attribution_settings')"))
      rows += fmt::format("{}SELECT _round, _committed_at FROM raw.`{}` WHERE _round > {}",
                          rows.empty() ? "" : " UNION ALL ", table.at(0).value(), round);
    const auto row = client.rows(fmt::format(
        "SELECT count(), quantile(0.5)(ms), quantile(0.95)(ms), quantile(0.99)(ms) FROM (SELECT "
        "dateDiff('millisecond', r._committed_at, c.at) AS ms FROM ({}) AS r JOIN freshet.cuts AS c "
        "ON c.round = r._round)",
        rows))[0];
    return {rate, std::stoull(row[0].value()), std::stod(row[1].value()), std::stod(row[2].value()),
            std::stod(row[3].value())};
  }

  test::PostgresServer server_{
      {"shared_buffers = 512MB", "max_wal_size = 8GB", "checkpoint_timeout = 1h", "autovacuum = off"}};
  const long rows_ = number("ROWS", 1'000'000);
  const long runs_ = number("RUNS", 5);
  Page page_;
};

}  // namespace
}  // namespace freshet::bench

int main(int argc, char** argv) {
  const std::vector<std::string> asked(argv + 1, argv + argc);
  const auto wanted = [&](const char* name) {
    return asked.empty() || std::ranges::find(asked, name) != asked.end();
  };
  freshet::bench::Bench bench;
  int status = 0;
  try {
    if (wanted("stream")) bench.stream();
    if (wanted("big")) bench.big();
    if (wanted("snapshot")) bench.snapshot();
    if (wanted("latency")) bench.latency();
  } catch (const std::exception& error) {
    std::cerr << error.what() << std::endl;
    status = 1;
  }
  // What was measured before a failure is worth having.
  bench.page().print(std::cout);
  return status;
}
