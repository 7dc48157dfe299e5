// Every way in which a transaction is hard, through the whole line: what the mirror shows is what PostgreSQL
// shows. Transactions of some hundred kilobytes are streamed before they commit, and spooled to disk.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <thread>

#include "line/mirrored.h"

namespace freshet::test {
namespace {

// One line for all tests; each has a table of its own.
class TransactionsOfTheLine : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::string schema;
    for (const char* table :
         {"undone", "prepared", "mixed", "often", "again", "moved", "copied", "contested"})
      schema += fmt::format("CREATE TABLE {} (id bigint PRIMARY KEY, v text, n bigint);", table);
    line_ = new Mirrored(schema);
    ASSERT_TRUE(line_->start()) << line_->line().log_tail();
  }
  static void TearDownTestSuite() {
    EXPECT_TRUE(eventually([] {
      return line_
                 ->sql(
                     "SELECT 1 FROM pg_stat_replication_slots s JOIN pg_replication_slots USING (slot_name) "
                     "WHERE "
                     "database = current_database() AND stream_txns > 3 AND stream_count > 3")
                 .rows() == 1;
    })) << "large transactions weren't streamed";
    // The judge that users have says the same of all of it.
    EXPECT_EQ(line_->line().parity(), 0);
    EXPECT_EQ(line_->line().stop(), 0);
    delete line_;
  }

  // 1,000 rows of 300 bytes each, from `from` on.
  static std::string fill(const std::string& table, int from) {
    return fmt::format("INSERT INTO {} SELECT i, repeat('x', 300), i FROM generate_series({}, {}) i;", table,
                       from, from + 999);
  }
  static postgres::Connection connect(const std::string& purpose) {
    return postgres::Connection({.url = line_->database().url(), .purpose = purpose});
  }
  // How many rows the mirror has ever seen of a table.
  static std::string rows_ever(const std::string& table) {
    return line_->clickhouse().value("SELECT uniqExact(id) FROM raw." + table);
  }

  static Mirrored* line_;
};

Mirrored* TransactionsOfTheLine::line_ = nullptr;

TEST_F(TransactionsOfTheLine, AreStreamedWithoutTheirAbortedParts) {
  line_->sql("BEGIN;" + fill("undone", 1) + "SAVEPOINT a;" + fill("undone", 2'001) + "SAVEPOINT b;" +
             fill("undone", 4'001) + "SAVEPOINT c;" + fill("undone", 6'001) +
             "RELEASE SAVEPOINT c; ROLLBACK TO SAVEPOINT b;" + fill("undone", 8'001) + "SAVEPOINT d;" +
             "UPDATE undone SET v = 'never' WHERE id % 3 = 0; ROLLBACK TO SAVEPOINT d; RELEASE SAVEPOINT a;"
             "UPDATE undone SET v = 'end' WHERE id % 10 = 0; COMMIT");
  line_->sql("BEGIN;" + fill("undone", 50'001) + "SAVEPOINT a;" + fill("undone", 52'001) + "ROLLBACK");
  line_->expect_equal("undone");
  EXPECT_EQ(rows_ever("undone"), "3000") << "a row of an aborted part arrived";
}

TEST_F(TransactionsOfTheLine, ArePreparedAndAppearWhenTheyCommit) {
  const std::string id = "'" + line_->database().name() + "'";
  line_->sql("BEGIN;" + fill("prepared", 1) + "SAVEPOINT a;" + fill("prepared", 2'001) + "ROLLBACK TO a;" +
             fill("prepared", 4'001) + "PREPARE TRANSACTION " + id);
  line_->sql("INSERT INTO prepared VALUES (100000, 'beside it', 1)");
  line_->expect_equal("prepared");
  EXPECT_EQ(rows_ever("prepared"), "1");
  line_->sql("COMMIT PREPARED " + id);
  line_->expect_equal("prepared");
  EXPECT_EQ(rows_ever("prepared"), "2001");
  line_->sql("BEGIN; DELETE FROM prepared; PREPARE TRANSACTION " + id);
  line_->sql("ROLLBACK PREPARED " + id);
  line_->expect_equal("prepared");
}

TEST_F(TransactionsOfTheLine, OfWritersAtTheSameTimeDoNotMix) {
  postgres::Connection one = connect("one"), other = connect("other"), undone = connect("undone");
  for (postgres::Connection* writer : {&one, &other, &undone}) writer->run("BEGIN");
  for (int part = 0; part < 3; ++part) {
    one.run(fill("mixed", 1 + 1'000 * part));
    other.run(fill("mixed", 10'001 + 1'000 * part));
    undone.run(fill("mixed", 20'001 + 1'000 * part));
    line_->sql(fmt::format("INSERT INTO mixed VALUES ({}, 'small', 0)", 30'001 + part));
  }
  other.run("COMMIT");
  one.run("UPDATE mixed SET n = -1 WHERE id > 10000 AND id % 7 = 0; COMMIT");
  undone.run("ROLLBACK");
  line_->expect_equal("mixed");
  EXPECT_EQ(rows_ever("mixed"), "6003");
  EXPECT_EQ(line_->clickhouse().value("SELECT uniqExact(_round) FROM raw.mixed WHERE id <= 3000 AND n >= 0"),
            "1")
      << "a transaction becomes visible as one";
}

TEST_F(TransactionsOfTheLine, ChangeOneRowManyTimes) {
  line_->sql("INSERT INTO often VALUES (1, 'x', 0), (2, 'y', 0)");
  line_->sql(
      "DO $$ BEGIN FOR i IN 1..2000 LOOP UPDATE often SET n = i, v = 'v' || i WHERE id = 1; END LOOP; END "
      "$$");
  for (int i = 0; i < 200; ++i) line_->sql("UPDATE often SET n = n + 1 WHERE id = 2");
  line_->expect_equal("often");
}

TEST_F(TransactionsOfTheLine, DeleteAKeyAndInsertItAgain) {
  line_->sql("INSERT INTO again SELECT i, 'first', i FROM generate_series(1, 6) i");
  line_->sql("BEGIN; DELETE FROM again WHERE id = 1; INSERT INTO again VALUES (1, 'second', 1); COMMIT");
  line_->sql(
      "BEGIN; DELETE FROM again WHERE id = 2; INSERT INTO again VALUES (2, 'a', 1); DELETE FROM again WHERE "
      "id = 2; "
      "INSERT INTO again VALUES (2, 'b', 2); UPDATE again SET n = 3 WHERE id = 2; COMMIT");
  line_->sql(
      "BEGIN; DELETE FROM again WHERE id = 3; INSERT INTO again VALUES (3, 'a', 1); DELETE FROM again WHERE "
      "id = 3; COMMIT");
  line_->sql("BEGIN; INSERT INTO again VALUES (7, 'a', 1); DELETE FROM again WHERE id = 7; COMMIT");
  // The same, in a transaction that is streamed.
  line_->sql("BEGIN;" + fill("again", 1'001) +
             "DELETE FROM again WHERE id > 1000; UPDATE again SET v = 'third'; " + fill("again", 1'501) +
             "COMMIT");
  line_->expect_equal("again");
}

TEST_F(TransactionsOfTheLine, ChangeKeys) {
  line_->sql("INSERT INTO moved SELECT i, 'row ' || i, i FROM generate_series(1, 10) i");
  line_->sql(
      "BEGIN; UPDATE moved SET id = 100 WHERE id = 1; UPDATE moved SET id = 1 WHERE id = 2; "
      "UPDATE moved SET id = 2 WHERE id = 100; COMMIT");  // two that swap
  line_->sql("UPDATE moved SET id = id + 1000, v = v || ' moved' WHERE id > 5");
  line_->sql(
      "BEGIN; UPDATE moved SET id = 50 WHERE id = 3; INSERT INTO moved VALUES (3, 'in its place', 0); "
      "DELETE FROM moved WHERE id = 50; COMMIT");
  line_->sql("BEGIN; UPDATE moved SET id = 60 WHERE id = 4; UPDATE moved SET id = 4 WHERE id = 60; COMMIT");
  line_->expect_equal("moved");
  // Streamed, and a part of it undone.
  line_->sql(
      "BEGIN;" + fill("moved", 10'001) +
      "UPDATE moved SET id = id + 5000 WHERE id > 10000; SAVEPOINT a; "
      "UPDATE moved SET id = id + 5000 WHERE id > 10000; ROLLBACK TO a; UPDATE moved SET n = 0; COMMIT");
  line_->expect_equal("moved");
}

TEST_F(TransactionsOfTheLine, CopyManyRowsAtOnce) {
  postgres::Connection copier = connect("copier");
  std::string lines;
  for (int id = 1; id <= 20'000; ++id) lines += fmt::format("{0}\trow {0}\t{1}\n", id, id % 10);
  copier.copy_in_begin("COPY copied FROM STDIN");
  copier.copy_in_put(lines);
  EXPECT_EQ(copier.copy_in_end(), 20'000);
  line_->expect_equal("copied");
  EXPECT_LT(std::stoi(line_->clickhouse().value("SELECT uniqExact(_version) FROM raw.copied")), 10'000)
      << "rows of one WAL record share a version";
  line_->sql("UPDATE copied SET n = n + 1 WHERE id % 5 = 0; DELETE FROM copied WHERE id % 7 = 0");
  line_->expect_equal("copied");
}

// COPY writes its rows before it looks whether they are unique: the delete of the old row has a higher change
// LSN than the insert that replaces it.
TEST_F(TransactionsOfTheLine, CopyBesideADeleteOfItsKey) {
  line_->sql("INSERT INTO contested VALUES (500, 'old', 0)");
  postgres::Connection deleter = connect("deleter"), copier = connect("copier of the contested");
  deleter.run("BEGIN; DELETE FROM contested WHERE id = 500");
  std::string lines;
  for (int id = 1; id <= 1'000; ++id) lines += std::to_string(id) + "\tnew\t1\n";
  copier.copy_in_begin("COPY contested FROM STDIN");
  copier.copy_in_put(lines);
  std::jthread ending([&] { EXPECT_EQ(copier.copy_in_end(), 1'000); });
  ASSERT_TRUE(eventually([&] {
    return line_
               ->sql(
                   "SELECT 1 FROM pg_stat_activity WHERE application_name = 'copier of the contested' AND "
                   "wait_event_type = 'Lock'")
               .rows() == 1;
  }));
  deleter.run("COMMIT");
  ending.join();
  line_->expect_equal("contested");
  EXPECT_EQ(line_->clickhouse().value("SELECT v FROM src.contested WHERE id = 500"), "new");
}

}  // namespace
}  // namespace freshet::test
