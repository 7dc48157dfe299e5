// What the stream doesn't tell: it is noticed in the catalogue, and the table is read again; what only looks
// like it isn't.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>

#include "line.h"

namespace freshet::capture::test {
namespace {

using namespace std::chrono_literals;

struct Case {
  const char* table;
  const char* made;
  const char* changed;
  const char* key = "id";
};

constexpr const char* kParted =
    "CREATE TABLE {} (id int, n int, v text, PRIMARY KEY (id, n)) PARTITION BY LIST (n);"
    "CREATE TABLE {}_1 PARTITION OF {} FOR VALUES IN (1); CREATE TABLE {}_2 PARTITION OF {} FOR VALUES IN "
    "(2);"
    "INSERT INTO {} SELECT i, i % 2 + 1, 'v' FROM generate_series(1, 20) i";
constexpr const char* kPlain =
    "CREATE TABLE {} (id int PRIMARY KEY, v text, w text);"
    "INSERT INTO {} SELECT i, 'v' || i, 'w' || i FROM generate_series(1, 20) i";
constexpr const char* kPartKey = "id || '|' || n";

// {} is the table.
const Case kSilent[] = {
    {"given_a_constant", kPlain, "ALTER TABLE {} ADD COLUMN d int NOT NULL DEFAULT 5"},
    {"given_values", kPlain, "ALTER TABLE {} ADD COLUMN d uuid DEFAULT gen_random_uuid()"},
    {"computed", kPlain, "ALTER TABLE {} ALTER v TYPE text USING upper(v)"},
    {"retyped", kPlain, "ALTER TABLE {} ALTER id TYPE bigint"},
    {"replaced", kPlain, "ALTER TABLE {} DROP COLUMN v; ALTER TABLE {} ADD COLUMN v text"},
    {"swapped", kPlain,
     "ALTER TABLE {} RENAME v TO x; ALTER TABLE {} RENAME w TO v; ALTER TABLE {} RENAME x TO w"},
    {"labelled",
     "CREATE TYPE mark AS ENUM ('low', 'high'); CREATE TABLE {} (id int PRIMARY KEY, v mark);"
     "INSERT INTO {} VALUES (1, 'low'), (2, 'high')",
     "ALTER TYPE mark RENAME VALUE 'low' TO 'least'"},
    {"labelled_within",
     "CREATE TYPE shade AS ENUM ('dark', 'light'); CREATE DOMAIN tone AS shade;"
     "CREATE TYPE paint AS (tones tone[], n int); CREATE TABLE {} (id int PRIMARY KEY, v paint);"
     "INSERT INTO {} VALUES (1, ROW(ARRAY['dark', 'light'], 1)::paint)",
     "ALTER TYPE shade RENAME VALUE 'dark' TO 'black'"},
    {"composed",
     "CREATE TYPE size AS (w int); CREATE TABLE {} (id int PRIMARY KEY, v size);"
     "INSERT INTO {} VALUES (1, ROW(1)::size)",
     "ALTER TYPE size ADD ATTRIBUTE h int"},
    {"made_again", kPlain,
     "DROP TABLE {}; CREATE TABLE {} (id int PRIMARY KEY, v text, w text); INSERT INTO {} VALUES (1, 'n', "
     "'n');"
     "ALTER PUBLICATION p ADD TABLE {}"},
    {"unpublished", kPlain,
     "ALTER PUBLICATION p DROP TABLE {}; DELETE FROM {} WHERE id > 5; ALTER PUBLICATION p ADD TABLE {}"},
    {"elsewhere", kPlain,
     "ALTER TABLE {} RENAME TO at_another_place; DELETE FROM at_another_place WHERE id > 5;"
     "ALTER TABLE at_another_place RENAME TO {}"},
    {"truncated", kParted, "TRUNCATE {}_1", kPartKey},
    {"packed", kParted, "VACUUM FULL {}", kPartKey},
    {"detached", kParted, "ALTER TABLE {} DETACH PARTITION {}_1", kPartKey},
    {"dropped", kParted, "DROP TABLE {}_1", kPartKey},
    {"attached", kParted,
     "CREATE TABLE {}_3 AS SELECT i AS id, 3 AS n, 'a' AS v FROM generate_series(1, 9) i;"
     "ALTER TABLE {}_3 ALTER id SET NOT NULL, ALTER n SET NOT NULL;"
     "ALTER TABLE {} ATTACH PARTITION {}_3 FOR VALUES IN (3)",
     kPartKey},
    {"attached_below", kParted,
     "CREATE TABLE {}_3 (id int NOT NULL, n int NOT NULL, v text) PARTITION BY LIST (n);"
     "CREATE TABLE {}_33 PARTITION OF {}_3 FOR VALUES IN (3); INSERT INTO {}_3 VALUES (1, 3, 'a');"
     "ALTER TABLE {} ATTACH PARTITION {}_3 FOR VALUES IN (3)",
     kPartKey},
    {"attached_again", kParted,
     "ALTER TABLE {} DETACH PARTITION {}_1; UPDATE {}_1 SET v = 'w';"
     "ALTER TABLE {} ATTACH PARTITION {}_1 FOR VALUES IN (1)",
     kPartKey},
};

std::string with_table(std::string sql, const std::string& table) {
  for (std::size_t at = 0; (at = sql.find("{}", at)) != std::string::npos; at += table.size())
    sql.replace(at, 2, table);
  return sql;
}

class SilentChanges : public testing::Test {
 protected:
  SilentChanges() {
    line.options.snapshot.retry_first = 20ms;
    line.options.snapshot.retry_last = 100ms;
  }

  void start_all() {
    std::vector<std::string> tables;
    for (const Case& one : kSilent) {
      database.sql(with_table(one.made, one.table));
      tables.emplace_back(one.table);
    }
    line.start(tables);
    line.caught_up();
  }

  void change_all() {
    for (const Case& one : kSilent) database.sql(with_table(one.changed, one.table));
  }

  void expect_all_equal() {
    line.caught_up();
    for (const Case& one : kSilent) line.expect_equal(std::string("public.") + one.table, one.key);
  }

  // V of each table's newest reading.
  std::map<std::string, Lsn> readings() const {
    std::map<std::string, Lsn> all;
    for (const TableStatus& table : line.status().snapshot.tables) all[table.stream] = table.v;
    return all;
  }

  // That the table has been read from a position after `before`. "" in time, else which hasn't.
  std::string read_after(const std::vector<std::string>& tables, Lsn before) {
    std::string late;
    eventually(
        [&] {
          late.clear();
          const auto all = line.status().snapshot.tables;
          for (const std::string& table : tables) {
            const auto status = std::ranges::find(all, "public." + table, &TableStatus::stream);
            if (status == all.end() || status->v < before || status->state != SnapshotState::complete)
              late += table + " ";
          }
          return late.empty();
        },
        60s);
    return late;
  }

  // The first one's stream and what mends it, or "" for none.
  bool has_problem(const std::string& expected) {
    std::string found;
    const bool has = eventually(
        [&] {
          const auto problems = line.status().problems;
          found = problems.empty() ? "" : problems.front().stream + ": " + problems.front().hint;
          return found == expected;
        },
        60s);
    if (!has) ADD_FAILURE() << "instead: " << found;
    return has;
  }

  static std::vector<std::string> all_tables() {
    std::vector<std::string> tables;
    for (const Case& one : kSilent) tables.emplace_back(one.table);
    return tables;
  }

  TestDatabase database;
  Line line{database};
};

TEST_F(SilentChanges, HaveTheTableReadAgain) {
  start_all();
  const Lsn before = insert_lsn(database.connection());
  change_all();
  EXPECT_EQ(read_after(all_tables(), before), "");
  expect_all_equal();
}

TEST_F(SilentChanges, AreNoticedAlsoWhereNobodyWasThere) {
  start_all();
  line.stop();
  const Lsn before = insert_lsn(database.connection());
  change_all();
  line.restart();
  EXPECT_EQ(read_after(all_tables(), before), "");
  expect_all_equal();
  // Once: whoever starts now knows of it.
  const auto known = readings();
  line.restart();
  line.caught_up();
  EXPECT_EQ(readings(), known);
}

TEST_F(SilentChanges, AreNotSeenInWhatLeavesTheRowsAsTheyWereOrIsInTheStream) {
  database.sql(
      "CREATE TYPE mark AS ENUM ('low', 'high');"
      "CREATE TABLE plain (id int PRIMARY KEY, v varchar(10), m mark);"
      "INSERT INTO plain SELECT i, i, 'low' FROM generate_series(1, 20) i;"
      "CREATE TABLE emptied (id int PRIMARY KEY, v text); INSERT INTO emptied VALUES (1, 'a'), (2, 'b')");
  for (const char* table : {"parted", "sentinel"})
    database.sql(with_table(table == std::string("parted") ? kParted : kPlain, table));
  line.options.tables = {{"public", "plain", {}, {}, {"id", "v", "m"}}};
  line.start({"emptied", "parted", "sentinel"});
  line.caught_up();
  line.view().set_key("public.plain", {"id"});
  const auto before = readings();
  // Whoever has seen this has seen all that came before it.
  const auto looked = [&] {
    const Lsn now = insert_lsn(database.connection());
    database.sql("ALTER TABLE sentinel ALTER v TYPE text USING v || 'x'");
    return read_after({"sentinel"}, now) == "";
  };
  database.sql("VACUUM FULL plain");
  database.sql("CLUSTER plain USING plain_pkey");
  database.sql("ALTER TYPE mark ADD VALUE 'middle' BEFORE 'high'");
  database.sql("TRUNCATE emptied; INSERT INTO emptied VALUES (3, 'c')");
  database.sql("CREATE TABLE parted_3 PARTITION OF parted FOR VALUES IN (3)");
  database.sql(
      "CREATE TYPE shade AS ENUM ('dark', 'light'); CREATE TYPE paint AS (tone shade, n int);"
      "ALTER TABLE plain ADD COLUMN not_mirrored_either paint");
  ASSERT_TRUE(looked());
  database.sql(
      "ALTER TYPE mark RENAME TO grade; ALTER TABLE plain ALTER v TYPE varchar(20);"
      "ALTER TABLE plain ALTER v SET STATISTICS 50; CREATE INDEX ON plain (v); ANALYZE plain;"
      "ALTER TABLE plain REPLICA IDENTITY FULL; ALTER TABLE plain ADD COLUMN not_mirrored int DEFAULT 5;"
      "ALTER TABLE plain DROP COLUMN not_mirrored, DROP COLUMN not_mirrored_either; UPDATE plain SET v = "
      "'changed', m = 'middle' WHERE id = 2;"
      "INSERT INTO parted VALUES (1, 3, 'in the new one')");
  ASSERT_TRUE(looked());
  line.caught_up();
  const auto after = readings();
  EXPECT_GT(after.at("public.sentinel"), before.at("public.sentinel"));
  for (const char* stream : {"public.plain", "public.emptied", "public.parted"})
    EXPECT_EQ(to_string(after.at(stream)), to_string(before.at(stream))) << stream;
  line.expect_equal("public.plain", "id");
  line.expect_equal("public.emptied", "id");
  line.expect_equal("public.parted", kPartKey);
}

TEST_F(SilentChanges, IncludeAPublicationThatWasAlteredAlsoWhenItWasAlteredBack) {
  database.sql(with_table(kPlain, "t"));
  line.options.tables = {{"public", "t", {}, {}, {"id", "v", "w"}}};
  line.start({});
  line.caught_up();
  Lsn before = insert_lsn(database.connection());
  database.sql("ALTER PUBLICATION p SET (publish = 'insert, update')");
  EXPECT_TRUE(
      has_problem("public.t: ALTER PUBLICATION \"p\" SET (publish = 'insert, update, delete, truncate')"));
  database.sql("DELETE FROM t WHERE id > 5");
  database.sql("ALTER PUBLICATION p SET (publish = 'insert, update, delete, truncate')");
  EXPECT_EQ(read_after({"t"}, before), "");
  EXPECT_TRUE(has_problem(""));
  line.caught_up();
  line.expect_equal("public.t", "id");

  before = insert_lsn(database.connection());
  database.sql("ALTER PUBLICATION p SET TABLE t (id, v)");
  EXPECT_EQ(read_after({"t"}, before), "");

  before = insert_lsn(database.connection());
  database.sql("ALTER PUBLICATION p SET TABLE t (id, v) WHERE (id > 2)");
  EXPECT_TRUE(has_problem(
      "public.t: publish all rows, and filter in a model: ALTER PUBLICATION \"p\" DROP TABLE ONLY "
      "\"public\".\"t\"; ALTER PUBLICATION \"p\" ADD TABLE ONLY \"public\".\"t\""));
  database.sql("UPDATE t SET v = 'unseen' WHERE id < 3");
  database.sql("ALTER PUBLICATION p SET TABLE t");
  EXPECT_EQ(read_after({"t"}, before), "");
  EXPECT_TRUE(has_problem(""));
  line.caught_up();
  line.expect_equal("public.t", "id");
}

TEST_F(SilentChanges, IncludePartitionsPublishedOneByOneForAWhile) {
  database.sql(with_table(kParted, "parted"));
  line.start({"parted"});
  line.caught_up();
  const Lsn before = insert_lsn(database.connection());
  database.sql("ALTER PUBLICATION p SET (publish_via_partition_root = false)");
  EXPECT_TRUE(has_problem("public.parted: ALTER PUBLICATION \"p\" SET (publish_via_partition_root = true)"));
  database.sql("DELETE FROM parted WHERE id > 5");
  database.sql("ALTER PUBLICATION p SET (publish_via_partition_root = true)");
  EXPECT_EQ(read_after({"parted"}, before), "");
  EXPECT_TRUE(has_problem(""));
  line.caught_up();
  line.expect_equal("public.parted", kPartKey);
}

// Away from the schema nothing of it is published, and back there everything has the OID that it had.
TEST_F(SilentChanges, IncludeATableThatLeavesThePublishedSchemaForAWhile) {
  database.sql(with_table(kPlain, "t") +
               "; CREATE SCHEMA away; CREATE PUBLICATION p FOR TABLES IN SCHEMA public");
  line.start({"t"});
  line.caught_up();
  Lsn before = insert_lsn(database.connection());
  for (const char* step : {"ALTER TABLE t SET SCHEMA away", "DELETE FROM away.t WHERE id > 5"})
    database.sql(step);
  EXPECT_TRUE(has_problem("public.t: create it, or take it out of the project"));
  database.sql("ALTER TABLE away.t SET SCHEMA public");
  EXPECT_EQ(read_after({"t"}, before), "");
  line.caught_up();
  line.expect_equal("public.t", "id");

  line.stop();
  before = insert_lsn(database.connection());
  database.sql("ALTER TABLE t SET SCHEMA away");
  database.sql("DELETE FROM away.t WHERE id > 2");
  database.sql("ALTER TABLE away.t SET SCHEMA public");
  line.restart();
  EXPECT_EQ(read_after({"t"}, before), "");
  line.caught_up();
  line.expect_equal("public.t", "id");
}

// PostgreSQL refuses it only for a table that has an entry of its own in a publication.
TEST_F(SilentChanges, IncludeWhatWasDoneWhileATableOrAPartitionWasUnlogged) {
  database.sql(with_table(kPlain, "t") + ";" + with_table(kParted, "parted") +
               "; CREATE PUBLICATION p FOR ALL TABLES WITH (publish_via_partition_root = true)");
  line.start({"t", "parted"});
  line.caught_up();
  Lsn before = insert_lsn(database.connection());
  database.sql("ALTER TABLE t SET UNLOGGED");
  EXPECT_TRUE(has_problem("public.t: ALTER TABLE \"public\".\"t\" SET LOGGED"));
  database.sql("DELETE FROM t WHERE id > 5");
  database.sql("ALTER TABLE t SET LOGGED");
  EXPECT_EQ(read_after({"t"}, before), "");
  EXPECT_TRUE(has_problem(""));

  database.sql("CREATE UNLOGGED TABLE parted_3 PARTITION OF parted FOR VALUES IN (3)");
  EXPECT_TRUE(has_problem("public.parted: ALTER TABLE \"public\".\"parted_3\" SET LOGGED"));
  before = insert_lsn(database.connection());
  database.sql("INSERT INTO parted VALUES (1, 3, 'nowhere in the WAL')");
  database.sql("ALTER TABLE parted_3 SET LOGGED");
  EXPECT_EQ(read_after({"parted"}, before), "");
  EXPECT_TRUE(has_problem(""));
  line.caught_up();
  line.expect_equal("public.t", "id");
  line.expect_equal("public.parted", kPartKey);
}

TEST_F(SilentChanges, AreNotLookedForWhileTheCatalogueCannotBeReadWhichTheStatusSays) {
  database.sql(with_table(kPlain, "t"));
  line.start({"t"});
  line.caught_up();
  const Lsn before = insert_lsn(database.connection());
  database.sql("BEGIN; LOCK TABLE pg_inherits IN ACCESS EXCLUSIVE MODE");
  EXPECT_TRUE(eventually([&] { return !line.status().look_error.empty(); }, 60s));
  database.sql("COMMIT");
  EXPECT_TRUE(eventually([&] { return line.status().look_error.empty(); }, 60s));
  database.sql("ALTER TABLE t ALTER v TYPE text USING upper(v)");
  EXPECT_EQ(read_after({"t"}, before), "");
}

TEST_F(SilentChanges, WaitForATableThatCannotBeReadAndTellHowToMendIt) {
  database.sql(with_table(kPlain, "t") + ";" + with_table(kPlain, "u"));
  line.start({"t", "u"});
  line.caught_up();
  database.sql("ALTER PUBLICATION p DROP TABLE t; DELETE FROM t WHERE id > 5");
  EXPECT_TRUE(has_problem("public.t: ALTER PUBLICATION \"p\" ADD TABLE ONLY \"public\".\"t\""));
  database.sql("ALTER PUBLICATION p ADD TABLE ONLY t; ALTER TABLE t REPLICA IDENTITY NOTHING");
  EXPECT_TRUE(has_problem("public.t: ALTER TABLE \"public\".\"t\" REPLICA IDENTITY DEFAULT"));
  const std::string no_table = "create it, or take it out of the project";
  database.sql("ALTER TABLE t REPLICA IDENTITY DEFAULT; DROP TABLE u");
  EXPECT_TRUE(has_problem("public.u: " + no_table));
  Lsn before = insert_lsn(database.connection());
  database.sql(with_table(kPlain, "u") + "; ALTER PUBLICATION p ADD TABLE ONLY u");
  EXPECT_TRUE(has_problem(""));
  EXPECT_EQ(read_after({"u"}, before), "");
  database.sql("CREATE SCHEMA away; ALTER TABLE t SET SCHEMA away; DELETE FROM away.t WHERE id = 1");
  EXPECT_TRUE(has_problem("public.t: " + no_table));
  before = insert_lsn(database.connection());
  database.sql("ALTER TABLE away.t SET SCHEMA public");
  EXPECT_TRUE(has_problem(""));
  EXPECT_EQ(read_after({"t"}, before), "");
  line.caught_up();
  line.expect_equal("public.t", "id");
  line.expect_equal("public.u", "id");
}

// Faster than the table can be read: partitions come, go and are emptied all the while.
TEST_F(SilentChanges, ComeFasterThanTheTableCanBeReadAndItsReadingsEndAllTheSame) {
  database.sql(with_table(kParted, "parted") +
               "; CREATE TABLE parted_3 PARTITION OF parted FOR VALUES IN (3);"
               "INSERT INTO parted SELECT i, 3, 'v' FROM generate_series(1, 20000) i");
  line.options.snapshot.rows_per_second = 10'000;
  line.start({"parted"});
  line.caught_up();
  const auto readings_ended = [&] {
    line.view().read();
    return std::ranges::count(line.view().records("public.parted"), Op::snapshot_end, &Record::op);
  };
  const auto before = readings_ended();
  std::jthread churn([&](std::stop_token stop) {
    postgres::Connection connection({.url = database.url(), .purpose = "churn"});
    for (int turn = 0; !stop.stop_requested(); ++turn) {
      for (const char* step :
           {"TRUNCATE parted_2; INSERT INTO parted SELECT i, 2, 'w' FROM generate_series(1, 50) i",
            "ALTER TABLE parted DETACH PARTITION parted_1; UPDATE parted_1 SET v = v || 'x'",
            "ALTER TABLE parted ATTACH PARTITION parted_1 FOR VALUES IN (1)",
            "CREATE TABLE parted_4 AS SELECT i AS id, 4 AS n, 'a' AS v FROM generate_series(1, 9) i;"
            "ALTER TABLE parted_4 ALTER id SET NOT NULL, ALTER n SET NOT NULL;"
            "ALTER TABLE parted ATTACH PARTITION parted_4 FOR VALUES IN (4)",
            "DROP TABLE parted_4", "UPDATE parted SET v = 'u' WHERE id % 100 = 7"}) {
        connection.run(step);
        system_clock().sleep(30ms, stop);
      }
    }
  });
  EXPECT_TRUE(eventually([&] { return readings_ended() >= before + 3; }, 60s));
  EXPECT_TRUE(eventually([&] { return line.status().snapshot.tables.front().once_more; }, 60s));
  churn.request_stop();
  churn.join();
  line.caught_up();
  line.expect_equal("public.parted", kPartKey);
  EXPECT_EQ(line.status().snapshot.tables.front().restarts, 0u);
}

// The first transaction holds up a reading that has its V, the second one the reading that follows.
TEST_F(SilentChanges, AreNotForgottenWhileTheReadingThatFollowsWaits) {
  database.sql(with_table(kParted, "parted"));
  line.start({"parted"});
  line.caught_up();
  const auto blocker = [&] { return line.status().snapshot.tables.front().blocker; };
  postgres::Connection first({.url = database.url(), .purpose = "first"});
  postgres::Connection second({.url = database.url(), .purpose = "second"});
  first.run("BEGIN; SELECT pg_current_xact_id()");
  line.capture().read_again({"public.parted"}).get();
  ASSERT_TRUE(eventually([&] { return blocker().find("first") != std::string::npos; }, 60s));
  database.sql("TRUNCATE parted_1");
  ASSERT_TRUE(eventually([&] { return line.status().snapshot.tables.front().once_more; }, 60s));
  const Lsn changed = insert_lsn(database.connection());
  second.run("BEGIN; SELECT pg_current_xact_id()");
  first.run("COMMIT");
  ASSERT_TRUE(eventually([&] { return blocker().find("second") != std::string::npos; }, 60s));
  EXPECT_LT(readings().at("public.parted"), changed) << "the first one has ended";
  database.sql("INSERT INTO parted VALUES (100, 2, 'before its first chunk')");
  std::vector<Record> records;
  ASSERT_TRUE(eventually([&] {
    line.view().read();
    records = line.view().records("public.parted");
    return records.back().op == Op::insert;
  }));
  EXPECT_EQ(records[records.size() - 2].op, Op::snapshot_begin);
  EXPECT_NE(records[records.size() - 2].flags & kFromHere, 0) << "announced before the first change";
  line.stop();
  second.run("COMMIT");
  line.restart();
  EXPECT_EQ(read_after({"parted"}, changed), "");
  line.caught_up();
  line.expect_equal("public.parted", kPartKey);
}

// Quarantine has it: a reading would stop the stream. When the contract takes the shape, it is read.
TEST_F(SilentChanges, WaitForTheContract) {
  database.sql(with_table(kPlain, "t"));
  std::atomic<bool> mended = false;
  line.options.fits_contract = [&](const std::string&, const TableSchema& schema) {
    return mended || schema.columns.size() == 3;
  };
  line.start({"t"});
  line.caught_up();
  const auto before = readings();
  database.sql(
      "ALTER TABLE t ADD COLUMN d int DEFAULT 5; ALTER TABLE t ALTER v TYPE text USING upper(v);"
      "INSERT INTO t VALUES (21, 'x', 'y', 6)");
  line.caught_up();
  EXPECT_EQ(readings(), before);
  line.stop();
  mended = true;
  line.restart();
  line.caught_up();
  EXPECT_NE(readings(), before);
  line.expect_equal("public.t", "id");
}

}  // namespace
}  // namespace freshet::capture::test
