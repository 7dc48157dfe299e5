// Shapes of databases that nobody here designed: what `init` drafts of them, the line carries to parity; what
// it can't carry is refused by name, with the statement that mends it, and harms nobody else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "line/mirrored.h"
#include "support/files.h"

namespace freshet::test {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

std::string source_file(const std::string& path) {
  return contents(std::string(std::getenv("FRESHET_SOURCE_DIR")) + "/" + path);
}

std::string init_said(const Mirrored& line) {
  return contents(line.project() + "/../init.log");
}

// Identifiers of every kind, 400 columns, a key of every type that may be one, domains over domains, enums,
// inheritance, row-level security, column lists, NULLs everywhere, no rows, no columns.
TEST(Shapes, OfAnOddSchemaArriveOrAreRefusedByName) {
  Mirrored line(source_file("tests/line/oddities.sql"));
  const std::string said = init_said(line);
  EXPECT_THAT(said, AllOf(HasSubstr("left out: public.no_key: has no primary key\n    ALTER TABLE "
                                    "\"public\".\"no_key\" ADD COLUMN"),
                          HasSubstr("left out: public.json_key: its key column k is of type jsonb"),
                          HasSubstr("left out: public.float_key: its key column k is of type double"),
                          HasSubstr("left out: public.unlogged: unlogged"),
                          HasSubstr("left out: public.no_columns: has no columns"),
                          HasSubstr("left out: public.child_bare: has no primary key"),
                          ContainsRegex("left out: public.reserved: column '_row_exists'.*'_block_number'"
                                        ".*'tags__null'.*\n    rename the column"),
                          HasSubstr("note: public.parent: has tables that inherit from it"),
                          HasSubstr("note: public.lists: column password_hash looks like a secret")));
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  EXPECT_EQ(line.line().parity(), 0) << "through the snapshot";

  line.sql(source_file("tests/line/oddities_changes.sql"));
  ASSERT_TRUE(line.caught_up()) << line.line().log_tail();
  EXPECT_EQ(line.line().parity(), 0) << "through the stream";
  EXPECT_THAT(line.line().status_text(), Not(HasSubstr("stopped")));
  // Each table's own rows, as its own name says.
  EXPECT_EQ(line.clickhouse().value("SELECT count() FROM src.parent"), "10");
  EXPECT_EQ(line.clickhouse().value("SELECT count() FROM src.child_keyed"), "10");
  EXPECT_EQ(line.clickhouse().value("SELECT count() FROM src.secured WHERE v = 'u'"), "10");
  EXPECT_EQ(line.clickhouse().value("SELECT count() FROM system.columns WHERE database = 'src' AND table = "
                                    "'lists' AND name = 'password_hash'"),
            "0");

  // No row is sent for it: it is noticed in the catalogue, and the table is read again.
  line.sql(
      "ALTER TYPE mark RENAME VALUE 'low' TO 'least'; INSERT INTO graded VALUES (5, 'least', '{least}')");
  EXPECT_TRUE(eventually(
      [&] {
        return line.clickhouse().value(
                   "SELECT groupArray(g) FROM (SELECT g FROM src.graded WHERE id IN (1, "
                   "5) ORDER BY id)") == "['least','least']";
      },
      std::chrono::seconds(120)))
      << line.line().log_tail();
}

// An update that leaves the value alone sends none: it comes from the mirror, which has two versions of it.
TEST(Shapes, OfARowOf64MegabytesArrive) {
  Mirrored line(
      "CREATE TABLE huge (id int PRIMARY KEY, v text, n bigint);"
      "ALTER TABLE huge ALTER v SET STORAGE EXTERNAL;"  // sent and kept as long as it is
      "INSERT INTO huge SELECT 1, repeat('0123456789abcdef', 4 * 1024 * 1024), 1");
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  line.sql("UPDATE huge SET v = v || 'x'");
  ASSERT_TRUE(line.caught_up()) << line.line().log_tail();
  line.sql("UPDATE huge SET n = 2");
  line.sql("UPDATE huge SET id = 3");
  line.expect_equal("huge", "SELECT id, length(v), right(v, 20), n FROM {} ORDER BY id");
}

// As pgbench makes it: tables of several sizes, and a history without a key.
TEST(Shapes, OfPgbenchArriveOrAreRefusedByName) {
  Mirrored line(source_file("tests/line/pgbench.sql"));
  EXPECT_THAT(init_said(line), HasSubstr("left out: public.pgbench_history: has no primary key"));
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  line.sql(
      "UPDATE pgbench_accounts SET abalance = abalance + aid % 7; UPDATE pgbench_tellers SET tbalance = 1;"
      "UPDATE pgbench_branches SET bbalance = 2; INSERT INTO pgbench_history (tid, bid, aid) VALUES (1, 1, "
      "1);"
      "UPDATE pgbench_history SET delta = 1; DELETE FROM pgbench_history");
  ASSERT_TRUE(line.caught_up()) << line.line().log_tail();
  EXPECT_EQ(line.line().parity(), 0);
}

}  // namespace
}  // namespace freshet::test
