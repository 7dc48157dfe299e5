// From a database that nobody prepared to mirrors that are equal to it, as a user would do it.
#include "line/line.h"

#include <gtest/gtest.h>

#include "app/line_status_json.h"
#include "line/writers.h"

namespace freshet::test {
namespace {

using namespace std::chrono_literals;

class WholeLine : public testing::Test {
 protected:
  void begin() {
    line_ = std::make_unique<Line>(init_project(dir_, database_.url()), database_.url());
    line_->start();
    ASSERT_TRUE(line_->wait_until_loaded()) << line_->log_tail();
  }

  TempDir dir_;
  TestDatabase database_;
  std::unique_ptr<Line> line_;
};

TEST_F(WholeLine, BringsSnapshotAndLiveChangesOfAnUnknownSchema) {
  database_.sql(kBankSchema);
  {
    const Writers before(database_.url(), 2, 1);
    begin();
    eventually([&] { return before.transactions() > 500; }, 60s);
  }
  EXPECT_EQ(line_->parity(), 0);
  EXPECT_EQ(line_->stop(), 0) << line_->log_tail();
}

TEST_F(WholeLine, GoesOnWhereItWasAfterAStop) {
  database_.sql(kBankSchema);
  begin();
  EXPECT_EQ(line_->stop(), 0) << line_->log_tail();
  {
    const Writers meanwhile(database_.url(), 2, 2);
    eventually([&] { return meanwhile.transactions() > 300; }, 60s);
  }
  line_->start();
  ASSERT_TRUE(line_->wait_until_loaded()) << line_->log_tail();
  EXPECT_EQ(line_->parity(), 0);
}

TEST_F(WholeLine, CarriesAMillionRowsOfOneTransactionAndNoneOfAnAbortedOne) {
  database_.sql("CREATE TABLE big (id bigint PRIMARY KEY, v text NOT NULL)");
  begin();
  EXPECT_THROW(
      database_.sql("INSERT INTO big SELECT i, md5(i::text) FROM generate_series(1, 300000) i; SELECT 1/0"),
      Error);
  database_.sql("INSERT INTO big SELECT i, md5(i::text) FROM generate_series(1, 1000000) i");
  EXPECT_EQ(line_->parity(), 0);
  clickhouse::Client client(line_->endpoint());
  EXPECT_EQ(client.value("SELECT count() FROM src.big"), "1000000");
  EXPECT_EQ(client.value("SELECT uniqExact(_round) FROM raw.big"), "1")
      << "a transaction becomes visible as one";
}

// ClickHouse away for a minute under load: the slot advances, the journal grows, and it drains on return.
TEST_F(WholeLine, DrainsAfterClickHouseWasAway) {
  database_.sql(kBankSchema);
  begin();
  const Writers writers(database_.url(), 2, 3);
  const auto lsn = [&](const char* of) {
    return database_
        .sql(std::string("SELECT ") + of +
             " - '0/0' FROM pg_replication_slots WHERE database = "
             "current_database()")
        .integer(0, 0);
  };
  const auto journal = [&] { return app::line_status_from_json(line_->status_json()).journal.bytes; };
  // Three times twenty seconds; it is killed again as often as it comes back.
  for (int part = 0; part < 3; ++part) {
    line_->kill_store();
    const std::int64_t confirmed = lsn("confirmed_flush_lsn");
    const std::uint64_t bytes = journal();
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (std::chrono::steady_clock::now() < until) {
      line_->kill_store();
      pause_between_looks();
    }
    EXPECT_GT(lsn("confirmed_flush_lsn"), confirmed) << "the slot stood while ClickHouse was away";
    EXPECT_GT(journal(), bytes) << "the journal took nothing while ClickHouse was away";
  }
  // What was written meanwhile is in a cut while the writers go on.
  const std::int64_t written = lsn("pg_current_wal_insert_lsn()");
  EXPECT_TRUE(eventually(
      [&] {
        try {
          clickhouse::Client client(line_->endpoint());
          return std::stoll(client.value("SELECT max(commit_lsn) FROM freshet.cuts")) >= written;
        } catch (const Error&) {
          return false;  // it is coming back
        }
      },
      120s))
      << line_->log_tail();
  // A row that is written all the time may stay undecided once.
  EXPECT_TRUE(eventually([&] { return line_->parity() == 0; }, 120s));
}

}  // namespace
}  // namespace freshet::test
