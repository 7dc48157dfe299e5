// What the stream doesn't tell goes from a mirror also where its table was out of the project then; and
// the new start of everything that docs/runbook/snapshot-again.md describes.
#include <gtest/gtest.h>

#include <filesystem>

#include "line/mirrored.h"

namespace freshet::test {
namespace {

namespace fs = std::filesystem;

TEST(ReadAnew, ATableThatWasOutOfTheProjectLosesWhatTheStreamDidNotTell) {
  Mirrored line(
      "CREATE TABLE parted (id bigint, v text, n bigint, PRIMARY KEY (id, n)) PARTITION BY LIST (n);"
      "CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);"
      "CREATE TABLE parted_2 PARTITION OF parted FOR VALUES IN (2);"
      "CREATE TABLE parted_3 PARTITION OF parted FOR VALUES IN (3);"
      "CREATE TABLE made_again (id bigint PRIMARY KEY, v text, n bigint);"
      "CREATE TABLE fine (id bigint PRIMARY KEY, v text, n bigint);"
      "INSERT INTO parted SELECT i, 'old', i % 3 + 1 FROM generate_series(1, 300) i;"
      "INSERT INTO made_again SELECT i, 'old', i FROM generate_series(1, 100) i;"
      "INSERT INTO fine SELECT i, 'old', i FROM generate_series(1, 100) i");
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  line.expect_equal("parted");
  line.expect_equal("made_again");

  line.line().stop();
  const fs::path contracts = line.project() + "/contracts";
  for (const char* table : {"parted", "made_again"})
    fs::rename(contracts / (std::string(table) + ".yaml"), line.project() + "/" + table + ".yaml");
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  line.sql(
      "TRUNCATE parted_1; ALTER TABLE parted DETACH PARTITION parted_2; DROP TABLE parted_3;"
      "DROP TABLE made_again; CREATE TABLE made_again (id bigint PRIMARY KEY, v text, n bigint);"
      "ALTER PUBLICATION freshet ADD TABLE made_again; INSERT INTO made_again VALUES (1, 'new', 1);"
      "DELETE FROM fine WHERE id > 10");
  line.expect_equal("fine");
  EXPECT_EQ(line.clickhouse().value("SELECT count() FROM src.parted"), "300");
  EXPECT_EQ(line.clickhouse().value("SELECT count() FROM src.made_again"), "100");
  line.line().stop();
  for (const char* table : {"parted", "made_again"})
    fs::rename(line.project() + "/" + table + ".yaml", contracts / (std::string(table) + ".yaml"));
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  line.expect_equal("parted");
  line.expect_equal("made_again");
  line.expect_equal("fine");
  EXPECT_EQ(line.line().parity(), 0);
}

TEST(StartingOver, ReadsEveryTableIntoANewStore) {
  Mirrored line(
      "CREATE TABLE fine (id bigint PRIMARY KEY, v text, n bigint);"
      "INSERT INTO fine SELECT i, 'old', i FROM generate_series(1, 100) i");
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  line.expect_equal("fine");
  line.line().stop();
  line.sql(
      "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = "
      "current_database(); DELETE FROM fine WHERE id > 10");
  for (const char* part : {"journal", "store"})
    fs::rename(line.line().data() + "/" + part, line.project() + "/" + part);
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  line.expect_equal("fine");
  EXPECT_EQ(line.line().parity(), 0);
}

}  // namespace
}  // namespace freshet::test
