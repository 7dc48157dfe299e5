// What a transaction does to the journal, with a real server, through to reading it back.
#include <gtest/gtest.h>

#include "line.h"

namespace freshet::capture::test {
namespace {

using namespace std::chrono_literals;

constexpr const char* kSchema = "CREATE TABLE t (id int PRIMARY KEY, v text, n bigint)";

class Transactions : public testing::Test {
 protected:
  Transactions() { database.sql(kSchema); }

  // `work_mem`: what is larger is streamed before it commits.
  // `mirrored`: the mirror's columns; empty: all that there are.
  void start(const std::string& work_mem = "64MB", const std::vector<std::string>& mirrored = {}) {
    database.sql("ALTER DATABASE " + database.name() + " SET logical_decoding_work_mem = '" + work_mem + "'");
    line.options.tables = {{"public", "t", {}, {}, mirrored}};
    line.start({});
    line.caught_up();
  }
  void expect_equal() {
    line.caught_up();
    line.expect_equal("public.t", "id");
  }
  std::vector<Record> streamed() {
    std::vector<Record> records;
    for (const Record& record : line.view().records("public.t")) {
      if (record.op < Op::snapshot_begin) records.push_back(record);
    }
    return records;
  }

  TestDatabase database;
  Line line{database};
};

TEST_F(Transactions, ArriveWholeAndInCommitOrder) {
  database.sql("INSERT INTO t SELECT i, 'before', i FROM generate_series(1, 100) i");
  start();
  database.sql("INSERT INTO t VALUES (101, 'a', 1), (102, NULL, NULL)");
  database.sql("UPDATE t SET v = 'b' WHERE id = 101");
  database.sql("DELETE FROM t WHERE id <= 50");
  expect_equal();
  const auto records = streamed();
  ASSERT_EQ(records.size(), 53u);
  for (std::size_t i = 1; i < records.size(); ++i) EXPECT_LE(records[i - 1].version, records[i].version);
  EXPECT_EQ(records[0].xid, records[1].xid);
}

TEST_F(Transactions, ThatAreRolledBackLeaveNothing) {
  start();
  database.sql("BEGIN; INSERT INTO t VALUES (1, 'x', 1); ROLLBACK");
  database.sql(
      "BEGIN; INSERT INTO t VALUES (2, 'kept', 1); SAVEPOINT a; INSERT INTO t VALUES (3, 'x', 1); "
      "SAVEPOINT b; INSERT INTO t VALUES (4, 'x', 1); ROLLBACK TO a; INSERT INTO t VALUES (5, 'kept', 1); "
      "COMMIT");
  expect_equal();
  EXPECT_EQ(streamed().size(), 2u);
}

TEST_F(Transactions, KeepTheLastOfManyChangesOfOneRow) {
  start();
  database.sql(
      "BEGIN; INSERT INTO t VALUES (1, 'x', 0); "
      "DO $$ BEGIN FOR i IN 1..500 LOOP UPDATE t SET n = i WHERE id = 1; END LOOP; END $$; COMMIT");
  database.sql("BEGIN; DELETE FROM t WHERE id = 1; INSERT INTO t VALUES (1, 'again', 7); COMMIT");
  database.sql("BEGIN; INSERT INTO t VALUES (2, 'a', 0); DELETE FROM t WHERE id = 2; COMMIT");
  expect_equal();
}

TEST_F(Transactions, OfInterleavedWritersDoNotMix) {
  start("64kB");
  postgres::Connection other({.url = database.url(), .purpose = "other writer"});
  const auto fill = [](postgres::Connection& connection, int from) {
    connection.run("INSERT INTO t SELECT i, repeat('x', 200), i FROM generate_series(" +
                   std::to_string(from) + ", " + std::to_string(from + 1999) + ") i");
  };
  database.sql("BEGIN");
  other.run("BEGIN");
  fill(database.connection(), 1);
  fill(other, 10'001);
  fill(database.connection(), 20'001);
  fill(other, 30'001);
  other.run("COMMIT");
  fill(database.connection(), 40'001);
  database.sql("COMMIT");
  expect_equal();
  EXPECT_EQ(streamed().size(), 10'000u);
}

TEST_F(Transactions, StreamedBeforeTheyCommitLoseExactlyTheirAbortedSubtransactions) {
  start("64kB");
  const auto fill = [](int from) {
    return "INSERT INTO t SELECT i, repeat('x', 200), i FROM generate_series(" + std::to_string(from) + ", " +
           std::to_string(from + 999) + ") i; ";
  };
  database.sql("BEGIN; " + fill(1) +            //
               "SAVEPOINT a; " + fill(2'001) +  // kept
               "SAVEPOINT b; " + fill(4'001) +  // aborted with c
               "SAVEPOINT c; " + fill(6'001) +
               "RELEASE SAVEPOINT c; "  //
               "ROLLBACK TO SAVEPOINT b; " +
               fill(8'001) +  // kept, of b again
               "SAVEPOINT d; " + fill(10'001) +
               "ROLLBACK TO SAVEPOINT d; "
               "RELEASE SAVEPOINT a; UPDATE t SET v = 'end' WHERE id % 10 = 0; COMMIT");
  expect_equal();
  EXPECT_EQ(streamed().size(), 3'300u);

  database.sql("BEGIN; " + fill(50'001) + "SAVEPOINT a; " + fill(52'001) + "ROLLBACK");
  expect_equal();
  EXPECT_EQ(streamed().size(), 3'300u);
  EXPECT_EQ(line.status().spooled_memory_bytes, 0u);
}

TEST_F(Transactions, ThatChangeTheTableTheyWriteAreReadWithTheirOwnShape) {
  start("64kB", {"id", "v", "n"});
  database.sql(
      "BEGIN; INSERT INTO t SELECT i, repeat('x', 200), i FROM generate_series(1, 1000) i; "
      "SAVEPOINT a; ALTER TABLE t ADD COLUMN lost int; "
      "INSERT INTO t SELECT i, repeat('x', 200), i, 1 FROM generate_series(2001, 3000) i; "
      "ROLLBACK TO SAVEPOINT a; ALTER TABLE t ADD COLUMN more int; "
      "INSERT INTO t SELECT i, repeat('x', 200), i, 7 FROM generate_series(4001, 5000) i; COMMIT");
  database.sql("INSERT INTO t VALUES (9000, 'after', 1, 8)");
  line.caught_up();
  const Rows rows = line.view().rows("public.t");
  ASSERT_EQ(rows.size(), 2001u);
  EXPECT_EQ(rows.at("1|").count("more"), 0u);
  EXPECT_EQ(rows.at("4001|").at("more"), "7");
  EXPECT_EQ(rows.at("9000|").at("more"), "8");
  EXPECT_EQ(rows.at("4001|").count("lost"), 0u);
}

TEST_F(Transactions, PreparedOnesArriveWhenTheyCommit) {
  start();
  const std::string id = "'" + database.name() + "'";
  database.sql("BEGIN; INSERT INTO t VALUES (1, 'prepared', 1); PREPARE TRANSACTION " + id);
  database.sql("INSERT INTO t VALUES (2, 'between', 1)");
  line.caught_up();
  EXPECT_EQ(line.view().rows("public.t").size(), 1u);
  database.sql("COMMIT PREPARED " + id);
  expect_equal();
  database.sql("BEGIN; INSERT INTO t VALUES (3, 'prepared', 1); PREPARE TRANSACTION " + id);
  database.sql("ROLLBACK PREPARED " + id);
  expect_equal();
}

TEST_F(Transactions, MoveAKeyAsAnEndAndABeginning) {
  start();
  database.sql("INSERT INTO t VALUES (1, 'a', 1), (2, 'b', 2)");
  database.sql("UPDATE t SET id = 3 WHERE id = 1");
  database.sql("UPDATE t SET id = id + 10");
  expect_equal();
  const auto records = streamed();
  ASSERT_EQ(records.size(), 2u + 2u + 4u);
  EXPECT_EQ(records[2].op, Op::moved);
  EXPECT_EQ(records[2].old.at("id"), "1");
  EXPECT_EQ(records[2].row.at("id"), "3");
  EXPECT_EQ(records[3].op, Op::update);
  EXPECT_EQ(records[3].version, records[2].version);
}

// COPY writes its rows before it looks whether they are unique: the delete of the old row has a higher change
// LSN than the insert that replaces it, and rows of one WAL record share theirs.
TEST_F(Transactions, CopyBesideADeleteOfItsKey) {
  database.sql("INSERT INTO t VALUES (500, 'old', 0)");
  start();
  postgres::Connection deleter({.url = database.url(), .purpose = "deleter"});
  deleter.run("BEGIN; DELETE FROM t WHERE id = 500");
  postgres::Connection copier({.url = database.url(), .purpose = "copier"});
  std::string lines;
  for (int id = 1; id <= 1000; ++id) lines += std::to_string(id) + "\tnew\t1\n";
  copier.copy_in_begin("COPY t FROM STDIN");
  copier.copy_in_put(lines);
  std::jthread ending([&] { EXPECT_EQ(copier.copy_in_end(), 1000); });
  ASSERT_TRUE(eventually([&] {
    return database
               .sql(
                   "SELECT 1 FROM pg_stat_activity WHERE application_name = 'copier' AND wait_event_type = "
                   "'Lock'")
               .rows() == 1;
  }));
  deleter.run("COMMIT");
  ending.join();
  expect_equal();
  std::map<Version, int> sharing;
  for (const Record& record : streamed()) ++sharing[record.version];
  EXPECT_LT(sharing.size(), 500u) << "rows of one multi-insert share a version";
}

TEST_F(Transactions, OfAMillionRowsPassInBoundedMemoryAbortedAndCommitted) {
  line.options.spool_memory_bytes = 1 << 20;
  line.options.spool_disk_bytes = std::uint64_t{4} << 30;
  line.view().only_count("public.t");
  start("1MB");
  const std::string fill = "INSERT INTO t SELECT i, 'row ' || i, i FROM generate_series(1, 1000000) i";
  std::uint64_t on_disk = 0;
  std::jthread watching([&](std::stop_token stop) {
    while (!stop.stop_requested()) {
      const CaptureStatus status = line.status();
      on_disk = std::max(on_disk, status.spooled_disk_bytes);
      EXPECT_LT(status.spooled_memory_bytes, 4u << 20);
      freshet::test::pause_between_looks();
    }
  });
  database.sql("BEGIN; " + fill + "; ROLLBACK");
  line.caught_up();
  EXPECT_EQ(line.view().count("public.t"), 2u) << "the snapshot's begin and end";
  database.sql(fill);
  line.caught_up();
  watching.request_stop();
  watching.join();
  EXPECT_EQ(line.view().count("public.t"), 1'000'002u);
  EXPECT_GT(on_disk, 10u << 20);
  EXPECT_EQ(line.status().spooled_disk_bytes, 0u);
}

}  // namespace
}  // namespace freshet::capture::test
