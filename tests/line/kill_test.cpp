// Kills: every process, at every named point and at random moments, in a seeded loop. During it no cut may
// show half a transaction; at its end every mirror is equal to its table.
//
//   FRESHET_KILLS=1000 FRESHET_SEED=7 build/dev/tests/line/kill_test
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <random>

#include "line/line.h"
#include "line/writers.h"

namespace freshet::test {
namespace {

using namespace std::chrono_literals;

// A point, and the role that passes it. Those of a snapshot come first, while there is one.
struct Point {
  const char* name;
  const char* role;
};
constexpr Point kPoints[] = {
    {"chunk_read", "capture"}, {"chunk_taken", "capture"}, {"received", "capture"},
    {"spooled", "capture"},    {"noting", "capture"},      {"noted", "capture"},
    {"journalled", "capture"}, {"confirmed", "capture"},   {"intent", "load"},
    {"inserted", "load"},      {"cut_recorded", "load"},   {"released", "load"},
};

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::stoull(text);
}

// Everything in small pieces, so that every point is passed often.
constexpr const char* kSettings = R"(
intervals: {heartbeat: 200ms, canary: 1s}
limits: {capture_memory: 1MiB, snapshot_chunk: 64KiB, snapshot_rows_per_second: 4000}
)";

// Of the transactions that write entries: how many there are up to a cut, and how many of them it shows in
// part. Only those that the stream brought after every snapshot: a snapshot's rows have no transactions, and
// take the place of what was streamed below its V.
constexpr const char* kTransactions = R"(
WITH (SELECT max(_version) FROM (
  SELECT _version FROM raw.left_entries UNION ALL SELECT _version FROM raw.right_entries)
  WHERE bitAnd(_version, 0xffffffffffffffff) = 0) AS read
SELECT count(), countIf(n != {n:UInt64}) FROM (
  SELECT mark, uniqExact(side, id) AS n FROM (
    SELECT mark, id, 1 AS side, _version, _round FROM raw.left_entries UNION ALL
    SELECT mark, id, 2, _version, _round FROM raw.right_entries)
  WHERE _round <= {cut:UInt64} AND _version > read
  GROUP BY mark))";

struct Transactions {
  std::uint64_t all = 0;
  std::uint64_t in_part = 0;
};

class Kills : public testing::Test {
 protected:
  Kills() : seed_(from_environment("FRESHET_SEED", 20261122)), random_(seed_) {
    std::cout << "seed " << seed_ << std::endl;
    postgres::Connection admin({.url = server_.url(), .purpose = "freshet test"});
    admin.run("CREATE DATABASE bank");
    postgres::Connection bank({.url = server_.url("bank"), .purpose = "freshet test"});
    bank.run(kBankSchema);
    const std::string project = init_project(dir_, server_.url("bank"), kSettings);
    bank.run("ALTER PUBLICATION freshet DROP TABLE bank.rates");
    edit_file(project + "/contracts/rates.yaml", "          schema: bank\n",
              "          schema: bank\n          mode: periodic\n          every: 1s\n");
    line_ = std::make_unique<Line>(project, server_.url("bank"));
  }

  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

  // The cut is asked for first, on its own: what it holds is there by then.
  Transactions transactions() {
    clickhouse::Client client(line_->endpoint());
    const std::string cut = client.value("SELECT max(round) FROM freshet.cuts");
    const auto row =
        client.rows(kTransactions, {.params = {{"n", std::to_string(2 * kEntries)}, {"cut", cut}}}).at(0);
    return {std::stoull(*row[0]), std::stoull(*row[1])};
  }

  void look_at_the_cut() {
    if (!line_->clickhouse()) return;
    try {
      const Transactions seen = transactions();
      EXPECT_EQ(seen.in_part, 0U) << "of " << seen.all << " transactions a cut shows these in part";
      if (seen.all != seen_) ++looks_;
      seen_ = seen.all;
    } catch (const Error&) {
      // Being killed is what this is about.
    }
  }

  // Changes may wait for a row that no chunk had; whoever was asked for it may have been killed, so it takes
  // as long as load takes to ask again.
  bool nothing_waits() {
    return eventually(
        [&] {
          try {
            return clickhouse::Client(line_->endpoint())
                       .value(
                           "SELECT count() FROM freshet.waiting WHERE done_round = 0 AND (table, key, "
                           "version) NOT "
                           "IN (SELECT table, key, version FROM freshet.waiting WHERE done_round != 0)") ==
                   "0";
          } catch (const Error&) {
            return false;
          }
        },
        60s);
  }

  // Lets the line run for a while, looking at its cuts; less when it dies.
  void run_for(std::chrono::milliseconds duration) {
    const auto until = std::chrono::steady_clock::now() + duration;
    while (line_->running() && std::chrono::steady_clock::now() < until) {
      look_at_the_cut();
      pause_between_looks();
    }
  }

  // In one process, or in one of two, while the other goes on.
  void kill_at(const Point& point) {
    const std::string crash_at = point.name + (":" + std::to_string(1 + below(5)));
    const bool apart = below(2) == 0;
    const std::string role = apart ? point.role : "up";
    if (apart) line_->start(role == "load" ? "capture" : "load", "");
    line_->start(role, crash_at);
    run_for(60s);
    EXPECT_TRUE(line_->was_killed(role)) << role << " never died at " << crash_at << "\n"
                                         << line_->log_tail();
    if (apart) {
      line_->start(role, "");
      run_for(std::chrono::milliseconds(below(1'000)));
    }
    line_->kill();
  }

  void kill_at_random() {
    line_->start();
    run_for(std::chrono::milliseconds(300 + below(2'500)));
    line_->kill();
  }

  void kill_the_store() {
    line_->start();
    run_for(std::chrono::milliseconds(300 + below(1'500)));
    line_->kill_store();
    run_for(std::chrono::milliseconds(500 + below(1'500)));
    line_->kill();
  }

  void kill_the_source() {
    line_->start();
    run_for(std::chrono::milliseconds(500 + below(1'500)));
    server_.kill();
    run_for(300ms);
    server_.start();
    run_for(std::chrono::milliseconds(500 + below(1'500)));
    line_->kill();
  }

  // Half of them at a named point, one point after another.
  void kill_once(std::uint64_t number) {
    if (number % 2 == 0) return kill_at(kPoints[number / 2 % std::size(kPoints)]);
    switch (number / 2 % 3) {
      case 0: return kill_at_random();
      case 1: return kill_the_store();
      default: return kill_the_source();
    }
  }

  PostgresServer server_{{"logical_decoding_work_mem = '64kB'"}};
  TempDir dir_;
  std::uint64_t seed_;
  std::mt19937_64 random_;
  std::unique_ptr<Line> line_;
  std::uint64_t seen_ = 0;  // transactions
  int looks_ = 0;           // that showed others than the one before
};

TEST_F(Kills, LoseNothingDoubleNothingAndNeverShowHalfATransaction) {
  const std::uint64_t kills = from_environment("FRESHET_KILLS", 50);
  const auto began = std::chrono::steady_clock::now();
  {
    const Writers writers(server_.url("bank"), 3, seed_);
    for (std::uint64_t i = 0; i < kills; ++i) kill_once(i);
    line_->start();
    ASSERT_TRUE(line_->wait_until_loaded()) << line_->log_tail();
    look_at_the_cut();
    std::cout << kills << " kills in "
              << std::chrono::round<std::chrono::seconds>(std::chrono::steady_clock::now() - began).count()
              << " s, " << writers.transactions() << " transactions, " << looks_ << " cuts looked at"
              << std::endl;
  }
  EXPECT_GT(looks_, 0);
  EXPECT_TRUE(nothing_waits()) << line_->log_tail();
  EXPECT_EQ(line_->parity(), 0);

  // What was looked for in every cut would have been found.
  clickhouse::Client(line_->endpoint())
      .execute(
          "ALTER TABLE raw.left_entries DELETE WHERE (_version, id) = (SELECT max((_version, id)) FROM "
          "raw.left_entries) SETTINGS mutations_sync = 2");
  EXPECT_EQ(transactions().in_part, 1U);
  EXPECT_EQ(line_->stop(), 0) << line_->log_tail();
}

}  // namespace
}  // namespace freshet::test
