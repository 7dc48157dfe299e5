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

constexpr const char* kPoints[] = {"received",    "spooled", "journalled", "confirmed",    "chunk_read",
                                   "chunk_taken", "intent",  "inserted",   "cut_recorded", "released"};

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::stoull(text);
}

// Marks of transactions that a cut shows in part: their rows up to the last complete round, in both tables.
constexpr const char* kHalves = R"(
SELECT count() FROM (
  SELECT mark, uniqExact(side, id) AS n FROM (
    SELECT mark, id, 1 AS side, _round FROM raw.left_entries UNION ALL SELECT mark, id, 2, _round FROM raw.right_entries)
  WHERE _round <= (SELECT max(round) FROM freshet.cuts)
  GROUP BY mark HAVING n != {n:UInt64}))";

class Kills : public testing::Test {
 protected:
  Kills() : seed_(from_environment("FRESHET_SEED", 20261122)), random_(seed_) {
    std::cout << "seed " << seed_ << std::endl;
    postgres::Connection admin({.url = server_.url(), .purpose = "freshet test"});
    admin.run("CREATE DATABASE bank");
    postgres::Connection({.url = server_.url("bank"), .purpose = "freshet test"}).run(kBankSchema);
    line_ = std::make_unique<Line>(init_project(dir_, server_.url("bank")), server_.url("bank"));
  }

  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

  void expect_whole_transactions() {
    const auto endpoint = line_->clickhouse();
    if (!endpoint) return;
    try {
      clickhouse::Client client(*endpoint);
      const std::string halves = client.value(kHalves, {.params = {{"n", std::to_string(2 * kEntries)}}});
      EXPECT_EQ(halves, "0") << "transactions that a cut shows in part";
      ++looks_;
    } catch (const Error&) {
      // Being killed is what this is about.
    }
  }

  // Lets the line run for a while, looking at its cuts; less when it dies.
  void run_for(std::chrono::milliseconds duration) {
    const auto until = std::chrono::steady_clock::now() + duration;
    while (line_->running() && std::chrono::steady_clock::now() < until) {
      expect_whole_transactions();
      pause_between_looks();
    }
  }

  void kill_once(std::uint64_t number) {
    const std::string point = kPoints[number % std::size(kPoints)];
    switch (below(4)) {
      case 0:
      case 1:
        line_->start(point + ":" + std::to_string(1 + below(6)));
        run_for(6s);
        line_->kill();
        return;
      case 2:
        line_->start();
        run_for(std::chrono::milliseconds(300 + below(2'500)));
        if (below(2) == 0) {
          line_->kill_store();
          run_for(std::chrono::milliseconds(500 + below(1'500)));
        }
        line_->kill();
        return;
      default:
        line_->start();
        run_for(std::chrono::milliseconds(500 + below(1'500)));
        server_.kill();
        run_for(300ms);
        server_.start();
        run_for(std::chrono::milliseconds(500 + below(1'500)));
        line_->kill();
    }
  }

  PostgresServer server_;
  TempDir dir_;
  std::uint64_t seed_;
  std::mt19937_64 random_;
  std::unique_ptr<Line> line_;
  int looks_ = 0;
};

TEST_F(Kills, LoseNothingDoubleNothingAndNeverShowHalfATransaction) {
  const std::uint64_t kills = from_environment("FRESHET_KILLS", 50);
  {
    const Writers writers(server_.url("bank"), 3, seed_);
    for (std::uint64_t i = 0; i < kills; ++i) kill_once(i);
    line_->start();
    ASSERT_TRUE(line_->wait_until_loaded()) << line_->log_tail();
    expect_whole_transactions();
    std::cout << kills << " kills, " << writers.transactions() << " transactions, " << looks_
              << " looks at cuts" << std::endl;
  }
  EXPECT_GT(looks_, 0);
  EXPECT_EQ(line_->parity(), 0);
  EXPECT_EQ(line_->stop(), 0) << line_->log_tail();
}

}  // namespace
}  // namespace freshet::test
