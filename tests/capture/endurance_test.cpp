// What the stage does when the server, the connection or the journal fails.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/metrics.h"
#include "line.h"

namespace freshet::capture::test {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// Passes everything on, until told otherwise.
class Troubled : public journal::Writer {
 public:
  struct Trouble {
    std::atomic<bool> block_seals{false};
    std::atomic<bool> full{false};
    std::atomic<bool> fail_seals{false};
    std::atomic<std::uint64_t> sealed_lsn{0};
  };

  Troubled(std::unique_ptr<journal::Writer> inner, Trouble& trouble)
      : inner_(std::move(inner)), trouble_(trouble) {}

  Generation generation() const override { return inner_->generation(); }
  const std::optional<journal::Watermark>& last() const override { return inner_->last(); }
  std::uint64_t room() override { return trouble_.full ? 0 : inner_->room(); }
  void append(const Change& change) override { inner_->append(change); }
  Durable<journal::Watermark> seal(Lsn commit_lsn, Micros committed_at) override {
    while (trouble_.block_seals) freshet::test::pause_between_looks();
    if (trouble_.fail_seals) throw Error(ErrorKind::transient, "the journal is away");
    auto sealed = inner_->seal(commit_lsn, committed_at);
    trouble_.sealed_lsn = commit_lsn.value();
    return sealed;
  }
  void keep(std::string notes) override { inner_->keep(std::move(notes)); }
  const std::string& kept() const override { return inner_->kept(); }
  void set_epoch(Epoch epoch) override { inner_->set_epoch(epoch); }

 private:
  std::unique_ptr<journal::Writer> inner_;
  Trouble& trouble_;
};

class Endurance : public testing::Test {
 protected:
  Endurance() {
    database.sql("CREATE TABLE t (id int PRIMARY KEY, v text)");
    line.wrap = [this](std::unique_ptr<journal::Writer> writer) {
      return std::make_unique<Troubled>(std::move(writer), trouble);
    };
  }
  ~Endurance() override { trouble.block_seals = false; }  // or the line waits for its journal for ever
  void start() {
    line.start({"t"});
    line.caught_up();
  }
  void fill(int from, int count) {
    database.sql("INSERT INTO t SELECT i, repeat('x', 500) FROM generate_series(" + std::to_string(from) +
                 ", " + std::to_string(from + count - 1) + ") i");
  }
  // Transactions arrive whole whatever waits, so that they have to be many.
  bool blocks() {
    for (int i = 0; i < 200; ++i) {
      fill(1 + i * 1'000, 1'000);
      if (eventually([&] { return line.status().receive_blocked; }, 100ms)) return true;
    }
    return false;
  }
  Lsn confirmed() { return find_slot(database.connection(), "s_" + database.name())->confirmed; }
  void expect_equal() {
    line.caught_up();
    line.expect_equal("public.t", "id");
  }

  TestDatabase database;
  Troubled::Trouble trouble;
  Line line{database};
};

TEST_F(Endurance, ABlockedJournalCostsNoConnectionAndConfirmsNothing) {
  database.sql("ALTER DATABASE " + database.name() + " SET wal_sender_timeout = '1s'");
  line.options.hand_over_bytes = 256 << 10;
  start();
  trouble.block_seals = true;
  ASSERT_TRUE(blocks());
  const Lsn before = confirmed();
  const auto until = Clock::now() + 4s;  // four times the server's patience
  ASSERT_TRUE(eventually([&] { return Clock::now() >= until; }));
  EXPECT_TRUE(line.status().receive_blocked);
  EXPECT_EQ(line.status().reconnects, 0u);
  EXPECT_EQ(confirmed(), before);
  trouble.block_seals = false;
  expect_equal();
  EXPECT_EQ(line.status().reconnects, 0u);
}

TEST_F(Endurance, AFullJournalIsWaitedForAndSaid) {
  database.sql("ALTER DATABASE " + database.name() + " SET wal_sender_timeout = '1s'");
  line.options.hand_over_bytes = 256 << 10;
  start();
  trouble.full = true;
  ASSERT_TRUE(blocks());
  EXPECT_TRUE(eventually([&] { return line.status().state == CaptureState::journal_full; }));
  EXPECT_TRUE(eventually([] {
    return metrics::exposition().find("freshet_capture_blocked 1") != std::string::npos;
  })) << metrics::exposition();
  const auto until = Clock::now() + 2s;
  ASSERT_TRUE(eventually([&] { return Clock::now() >= until; }));
  EXPECT_EQ(line.status().reconnects, 0u);
  trouble.full = false;
  expect_equal();
  EXPECT_EQ(line.status().state, CaptureState::streaming);
}

TEST_F(Endurance, AJournalThatFailsEndsTheStageAndNothingIsConfirmedBeyondIt) {
  start();
  fill(1, 100);
  line.caught_up();
  trouble.fail_seals = true;
  fill(1'000, 1'000);
  const Error error = line.wait_for_failure();
  EXPECT_EQ(error.message(), "the journal is away");
  EXPECT_EQ(line.status().error, "the journal is away");
  EXPECT_LE(confirmed().value(), trouble.sealed_lsn.load());
  trouble.fail_seals = false;
  line.restart();
  expect_equal();
}

TEST_F(Endurance, LostConnectionsLoseAndTearNothing) {
  database.sql("ALTER DATABASE " + database.name() + " SET logical_decoding_work_mem = '64kB'");
  line.options.hand_over_bytes = 64 << 10;
  line.options.receiver.batch_bytes = 8 << 10;
  line.options.reconnect_first = 10ms;
  start();
  postgres::Connection killer({.url = database.url(), .purpose = "killer"});
  std::jthread killing([&](std::stop_token stop) {
    while (!stop.stop_requested()) {
      killer.query(
          "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = $1 AND active",
          {"s_" + database.name()});
      freshet::test::pause_between_looks();
      freshet::test::pause_between_looks();
    }
  });
  // Below logical_decoding_work_mem, and far above.
  for (int i = 0; i < 40; ++i) fill(1 + i * 10'000, i % 4 == 0 ? 5'000 : 80);
  EXPECT_TRUE(freshet::test::eventually([&] { return line.status().reconnects > 3u; }));
  killing.request_stop();
  killing.join();
  expect_equal();
}

TEST(EnduranceOfTheServer, RestartsAndCrashesInMidStream) {
  PostgresServer server;
  auto database = std::make_unique<TestDatabase>(server.url());
  database->sql("CREATE TABLE t (id int PRIMARY KEY, v text)");
  Line line(*database);
  line.start({"t"});
  line.caught_up();
  const std::string fill =
      "INSERT INTO t SELECT i, 'x' FROM generate_series((SELECT coalesce(max(id), 0) + 1 FROM t), "
      "(SELECT coalesce(max(id), 0) + 20000 FROM t)) i";
  const auto reconnect = [&] {
    database->connection() = postgres::Connection({.url = database->url(), .purpose = "t"});
  };

  database->sql(fill);
  const auto began = Clock::now();
  server.stop("fast");
  EXPECT_LT(Clock::now() - began, 15s) << "the server waited for us";
  server.start();
  reconnect();
  database->sql(fill);
  line.caught_up();
  line.expect_equal("public.t", "id");

  database->sql(fill);
  server.kill();
  server.start();
  reconnect();
  database->sql(fill);
  line.caught_up();
  line.expect_equal("public.t", "id");
  EXPECT_GE(line.status().reconnects, 2u);
  EXPECT_EQ(line.stop(), "");
}

}  // namespace
}  // namespace freshet::capture::test
