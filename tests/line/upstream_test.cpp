// What people do to a source's tables, from outside: each has the outcome that docs/upstream-changes.md says.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "app/line_status_json.h"
#include "base/clock.h"
#include "change/lsn.h"
#include "contract/yaml.h"
#include "line/mirrored.h"

namespace freshet::test {
namespace {

using testing::HasSubstr;

constexpr const char* kTable =
    "CREATE TABLE {0} (id bigint PRIMARY KEY, v text, n int);"
    "INSERT INTO {0} SELECT i, 'v' || i, i FROM generate_series(1, 100) i;";

std::string tables(const std::vector<std::string>& names) {
  std::string sql;
  for (const std::string& name : names) sql += fmt::format(fmt::runtime(kTable), name);
  return sql;
}

class Upstream : public testing::Test {
 protected:
  app::StreamLine stream_of(const std::string& table) {
    const app::LineStatus status = app::line_status_from_json(line_->line().status_json());
    for (const app::StreamLine& stream : status.streams)
      if (stream.name == "public." + table) return stream;
    throw std::runtime_error("no stream of " + table);
  }
  bool becomes(const std::string& table, const std::string& state) {
    return eventually([&] { return stream_of(table).state == state; }, std::chrono::seconds(60));
  }
  std::string contract_of(const std::string& table) const {
    return line_->project() + "/contracts/" + table + ".yaml";
  }
  // Runs in ClickHouse what the stream's hint says, as whoever reads the status would.
  void run_what_the_hint_says(const std::string& table) {
    const std::string hint = stream_of(table).hint;
    const std::string before = "run there: ";
    const std::size_t begin = hint.find(before), end = hint.find("; or take the contract back");
    ASSERT_TRUE(begin == 0 && end != std::string::npos) << hint;
    line_->clickhouse().execute(hint.substr(before.size(), end - before.size()));
  }
  void restart() {
    line_->line().stop();
    ASSERT_TRUE(line_->start()) << line_->line().log_tail();
  }
  void begin(const std::string& schema) {
    line_.emplace(schema);
    ASSERT_TRUE(line_->start()) << line_->line().log_tail();
  }

  std::optional<Mirrored> line_;
};

TEST_F(Upstream, AColumnMoreIsInTheMirrorWithAllItsValuesWhenTheContractTakesIt) {
  begin(tables({"added"}));
  line_->sql("ALTER TABLE added ADD COLUMN d int NOT NULL DEFAULT 5, ADD COLUMN e text");
  line_->sql(
      "UPDATE added SET n = -n, e = 'set', d = 6 WHERE id <= 10; INSERT INTO added VALUES (101, 'new', 1)");
  line_->expect_equal("added");
  EXPECT_EQ(stream_of("added").state, "running");
  line_->line().stop();
  std::ofstream(contract_of("added"), std::ios::app)
      << "      - name: d\n        physicalType: integer\n        required: true\n"
         "      - name: e\n        physicalType: text\n";
  ASSERT_TRUE(line_->start()) << line_->line().log_tail();
  ASSERT_TRUE(becomes("added", "stopped")) << line_->line().status_text();
  run_what_the_hint_says("added");
  restart();
  ASSERT_TRUE(becomes("added", "running")) << line_->line().status_text();
  line_->expect_equal("added", "SELECT id, v, n, d, e FROM {} ORDER BY id");
  EXPECT_EQ(line_->line().parity(), 0);
}

// Also the rows that were there before.
TEST_F(Upstream, AnotherTypeOrNameWaitsInQuarantineAndIsReadAgainWhenTheContractTakesIt) {
  begin(tables({"widened", "narrowed", "renamed", "dropped", "fine"}) +
        "CREATE TABLE loosened (id bigint PRIMARY KEY, v text NOT NULL, n int); INSERT INTO loosened VALUES "
        "(1, 'v', 1);"
        "CREATE TABLE longer (id bigint PRIMARY KEY, v varchar(5), n int); INSERT INTO longer VALUES (1, "
        "'v', 1);");
  line_->sql(
      "ALTER TABLE widened ALTER n TYPE bigint USING n::bigint * 1000000000;"
      "ALTER TABLE narrowed ALTER n TYPE smallint USING n % 7; ALTER TABLE renamed RENAME v TO w;"
      "ALTER TABLE dropped DROP COLUMN n; ALTER TABLE loosened ALTER v DROP NOT NULL;"
      "ALTER TABLE longer ALTER v TYPE varchar(10)");
  line_->sql(
      "INSERT INTO widened VALUES (101, 'new', 5000000000); INSERT INTO narrowed VALUES (101, 'new', 3);"
      "INSERT INTO renamed VALUES (101, 'new', 1); INSERT INTO dropped VALUES (101, 'new');"
      "INSERT INTO fine VALUES (101, 'new', 1); INSERT INTO loosened VALUES (101, NULL, 1);"
      "INSERT INTO longer VALUES (101, '1234567', 1)");
  const auto changed = {"widened", "narrowed", "renamed", "dropped", "loosened"};
  for (const char* table : changed) ASSERT_TRUE(becomes(table, "quarantined")) << line_->line().status_text();
  for (const char* table : {"fine", "longer"}) {
    line_->expect_equal(table);
    EXPECT_EQ(stream_of(table).state, "running");
  }

  line_->line().stop();
  edit_file(contract_of("widened"), "physicalType: integer", "physicalType: bigint");
  edit_file(contract_of("narrowed"), "physicalType: integer", "physicalType: smallint");
  edit_file(contract_of("renamed"), "name: v\n", "name: w\n");
  edit_file(contract_of("loosened"), "physicalType: text\n        required: true\n", "physicalType: text\n");
  edit_file(contract_of("dropped"),
            "      - name: \"n\"\n        logicalType: integer\n        physicalType: integer\n", "");
  ASSERT_TRUE(line_->start()) << line_->line().log_tail();
  for (const char* table : changed) ASSERT_TRUE(becomes(table, "stopped")) << line_->line().status_text();
  for (const char* table : changed) run_what_the_hint_says(table);
  restart();
  for (const char* table : changed) ASSERT_TRUE(becomes(table, "running")) << line_->line().status_text();
  line_->expect_equal("widened");
  line_->expect_equal("narrowed");
  line_->expect_equal("loosened");
  line_->expect_equal("renamed", "SELECT id, w, n FROM {} ORDER BY id");
  line_->expect_equal("dropped", "SELECT id, v FROM {} ORDER BY id");
  EXPECT_EQ(line_->line().parity(), 0);
}

// What the mirror has made of the rows that are there can't be told from what the other type would have.
TEST_F(Upstream, AnotherTypeThatIsChosenForTheMirrorIsFilledFromTheSource) {
  begin(
      "CREATE TABLE chosen (id int PRIMARY KEY, n numeric(8,2), a int[], at timestamptz);"
      "INSERT INTO chosen VALUES (1, 1, '{1}', '2020-01-01'), (2, 2.5, NULL, NULL)");
  line_->sql("INSERT INTO chosen VALUES (3, 'NaN', '{{1},{2}}', 'infinity')");
  ASSERT_TRUE(becomes("chosen", "quarantined")) << line_->line().status_text();
  line_->line().stop();
  for (const std::string type : {"numeric(8,2)", "integer[]", "timestamp with time zone"}) {
    const std::string physical = "        physicalType: " + contract::yaml_scalar(type) + "\n";
    edit_file(contract_of("chosen"), physical,
              physical +
                  "        customProperties:\n          - property: freshet\n            value: "
                  "{clickhouse_type: String}\n");
  }
  ASSERT_TRUE(line_->start()) << line_->line().log_tail();
  ASSERT_TRUE(becomes("chosen", "stopped")) << line_->line().status_text();
  run_what_the_hint_says("chosen");
  restart();
  ASSERT_TRUE(becomes("chosen", "running")) << line_->line().status_text();
  line_->expect_equal("chosen", "SELECT id, n, a, at FROM {} ORDER BY id");
  EXPECT_EQ(line_->clickhouse().value("SELECT n FROM src.chosen WHERE id = 1"), "1.00");
  EXPECT_EQ(line_->clickhouse().value("SELECT count() FROM src.chosen WHERE a IS NULL"), "1");
  EXPECT_EQ(line_->line().parity(), 0);
}

// The NULLs that it allowed would stay without a word.
TEST_F(Upstream, NullsThatTheContractAllowsNoLongerAreReadAgain) {
  begin(
      "CREATE TABLE nulled (id int PRIMARY KEY, at timestamptz, n numeric(8,2));"
      "INSERT INTO nulled VALUES (1, '2020-01-01', 1)");
  const std::string allows =
      "        customProperties:\n          - property: freshet\n            value: {null_when: "
      "[infinity]}\n";
  const std::string at = "        physicalType: timestamp with time zone\n";
  line_->sql("INSERT INTO nulled VALUES (2, 'infinity', 2), (3, 'infinity', 3)");
  ASSERT_TRUE(becomes("nulled", "quarantined")) << line_->line().status_text();
  line_->line().stop();
  edit_file(contract_of("nulled"), at, at + allows);
  ASSERT_TRUE(line_->start()) << line_->line().log_tail();
  ASSERT_TRUE(becomes("nulled", "running")) << line_->line().status_text();
  EXPECT_EQ(line_->clickhouse().value("SELECT count() FROM src.nulled WHERE at IS NULL"), "2");
  EXPECT_THAT(line_->line().metrics(),
              HasSubstr("freshet_capture_silent_changes_total{stream=\"public.nulled\"} 0"))
      << "nothing is missing";

  line_->line().stop();
  edit_file(contract_of("nulled"), at + allows, at);
  line_->sql("UPDATE nulled SET at = '2021-01-01' WHERE id = 3");
  ASSERT_TRUE(line_->start()) << line_->line().log_tail();
  ASSERT_TRUE(becomes("nulled", "quarantined")) << line_->line().status_text();
  EXPECT_THAT(stream_of("nulled").error, HasSubstr("column 'at' is infinite"));
  line_->sql("UPDATE nulled SET at = '2022-01-01' WHERE id = 2");
  EXPECT_EQ(line_->line().say({"snapshot", "nulled"}).status, 0);
  ASSERT_TRUE(becomes("nulled", "running")) << line_->line().status_text();
  line_->expect_equal("nulled", "SELECT id, at::date FROM {} ORDER BY id");
  EXPECT_EQ(line_->line().parity(), 0);
}

// No statement of ClickHouse brings the mirror there: another one takes its place.
TEST_F(Upstream, AnotherTypeOfAKeyAndOneWithoutNullsTakeAnotherMirror) {
  begin(
      "CREATE TABLE keyed (id int PRIMARY KEY, v text); INSERT INTO keyed VALUES (1, 'one'), (2, 'two');"
      "CREATE TABLE filled (id int PRIMARY KEY, v text); INSERT INTO filled VALUES (1, 'one');");
  line_->sql(
      "ALTER TABLE keyed ALTER id TYPE bigint; INSERT INTO keyed VALUES (5000000000, 'new');"
      "ALTER TABLE filled ALTER v SET NOT NULL; INSERT INTO filled VALUES (2, 'new')");
  ASSERT_TRUE(becomes("keyed", "quarantined")) << line_->line().status_text();
  line_->expect_equal("filled", "SELECT id, v FROM {} ORDER BY id");
  line_->line().stop();
  edit_file(contract_of("keyed"), "physicalType: integer", "physicalType: bigint");
  edit_file(contract_of("filled"), "physicalType: text\n", "physicalType: text\n        required: true\n");
  ASSERT_TRUE(line_->start()) << line_->line().log_tail();
  for (const std::string table : {"keyed", "filled"}) {
    ASSERT_TRUE(becomes(table, "stopped")) << line_->line().status_text();
    EXPECT_THAT(stream_of(table).hint, HasSubstr("another mirror (`name` in its schema)"));
  }
  line_->line().stop();
  for (const std::string table : {"keyed", "filled"})
    edit_file(contract_of(table), "  - name: " + table + "\n", "  - name: " + table + "_2\n");
  line_->line().start();
  EXPECT_TRUE(eventually([&] { return line_->line().say({"snapshot", "keyed", "filled"}).status == 0; },
                         std::chrono::seconds(60)));
  for (const std::string table : {"keyed", "filled"})
    ASSERT_TRUE(becomes(table, "running")) << line_->line().status_text();
  EXPECT_EQ(line_->clickhouse().value("SELECT arraySort(groupArray(id)) FROM src.keyed_2"),
            "[1,2,5000000000]");
  EXPECT_EQ(line_->clickhouse().value("SELECT arraySort(groupArray(v)) FROM src.filled_2"), "['new','one']");
  EXPECT_EQ(line_->line().parity(), 0);
}

TEST_F(Upstream, AnotherReplicaIdentityGoesOnOrWaits) {
  begin(tables({"whole", "by_index", "nothing"}));
  line_->sql(
      "ALTER TABLE whole REPLICA IDENTITY FULL; UPDATE whole SET id = id + 1000 WHERE id <= 10;"
      "DELETE FROM whole WHERE id = 20; CREATE UNIQUE INDEX other ON by_index (n);"
      "ALTER TABLE by_index ALTER n SET NOT NULL; ALTER TABLE by_index REPLICA IDENTITY USING INDEX other;"
      "DELETE FROM by_index WHERE id = 20;"
      "ALTER TABLE nothing REPLICA IDENTITY NOTHING; INSERT INTO nothing VALUES (101, 'new', 1)");
  EXPECT_THROW(line_->sql("DELETE FROM nothing WHERE id = 20"), Error);
  line_->expect_equal("whole");
  EXPECT_EQ(stream_of("whole").state, "running");
  ASSERT_TRUE(becomes("by_index", "quarantined")) << line_->line().status_text();
  EXPECT_THAT(stream_of("by_index").error, HasSubstr("had the key (id) and has (n)"));
  ASSERT_TRUE(becomes("nothing", "quarantined")) << line_->line().status_text();

  line_->sql("ALTER TABLE by_index REPLICA IDENTITY DEFAULT; ALTER TABLE nothing REPLICA IDENTITY DEFAULT");
  line_->sql("UPDATE by_index SET v = 'last' WHERE id = 1; DELETE FROM nothing WHERE id = 20");
  EXPECT_EQ(line_->line().say({"snapshot", "by_index", "nothing"}).status, 0);
  ASSERT_TRUE(becomes("by_index", "running")) << line_->line().status_text();
  ASSERT_TRUE(becomes("nothing", "running")) << line_->line().status_text();
  line_->expect_equal("by_index");
  line_->expect_equal("nothing");
}

// As whoever reads the status would: the statement at the source, then the command.
TEST_F(Upstream, AKeyThatIsDroppedComesBackByWhatTheStatusSays) {
  begin(tables({"lost", "idle", "fine"}) +
        "CREATE TABLE pair (a int, \"B\" text, v text, n int, PRIMARY KEY (\"B\", a));"
        "INSERT INTO pair VALUES (1, 'x', 'v', 1)");
  for (const std::string table : {"lost", "idle", "pair"})
    line_->sql("ALTER TABLE " + table + " DROP CONSTRAINT " + table + "_pkey");
  line_->sql(
      "INSERT INTO lost VALUES (101, 'new', 1); INSERT INTO pair VALUES (2, 'x', 'new', 1);"
      "INSERT INTO fine VALUES (101, 'new', 1)");
  EXPECT_THROW(line_->sql("DELETE FROM lost WHERE id = 20"), Error);
  for (const std::string table : {"lost", "pair"})
    ASSERT_TRUE(becomes(table, "quarantined")) << line_->line().status_text();
  EXPECT_THAT(stream_of("lost").error, HasSubstr("had the key (id) and has none"));
  line_->expect_equal("fine");
  ASSERT_TRUE(eventually([&] { return !stream_of("idle").error.empty(); }, std::chrono::seconds(60)));

  const std::string of_lost = "ALTER TABLE \"public\".\"lost\" ADD PRIMARY KEY (\"id\")";
  const std::string of_pair = "ALTER TABLE \"public\".\"pair\" ADD PRIMARY KEY (\"B\", \"a\")";
  const std::string of_idle = "ALTER TABLE \"public\".\"idle\" ADD PRIMARY KEY (\"id\")";
  EXPECT_EQ(stream_of("lost").hint, of_lost + ", then freshet snapshot public.lost");
  EXPECT_EQ(stream_of("pair").hint, of_pair + ", then freshet snapshot public.pair");
  EXPECT_EQ(stream_of("idle").hint, of_idle);
  line_->sql(of_lost + ";" + of_pair + ";" + of_idle);
  line_->sql(
      "UPDATE lost SET v = 'last' WHERE id <= 5; DELETE FROM lost WHERE id = 20;"
      "UPDATE pair SET v = 'last' WHERE a = 1; DELETE FROM idle WHERE id = 20");
  EXPECT_EQ(line_->line().say({"snapshot", "lost", "pair"}).status, 0);
  for (const char* table : {"lost", "pair", "idle"})
    ASSERT_TRUE(becomes(table, "running")) << line_->line().status_text();
  EXPECT_TRUE(eventually([&] { return stream_of("idle").error.empty(); }, std::chrono::seconds(60)));
  line_->expect_equal("lost");
  line_->expect_equal("idle");
  line_->expect_equal("pair", "SELECT a, \"B\", v, n FROM {} ORDER BY a");
  EXPECT_EQ(line_->line().parity(), 0);
}

// Taken back, or taken up by another mirror: ClickHouse can't alter what one is ordered by.
TEST_F(Upstream, AnotherPrimaryKeyIsTakenBackOrTakesAnotherMirror) {
  begin(tables({"taken_back", "taken_up"}));
  for (const std::string table : {"taken_back", "taken_up"})
    line_->sql(fmt::format(
        "ALTER TABLE {0} DROP CONSTRAINT {0}_pkey, ADD PRIMARY KEY (n); DELETE FROM {0} WHERE n = 20;"
        "UPDATE {0} SET id = 7 WHERE n = 8; UPDATE {0} SET n = -n WHERE n = 9",
        table));
  for (const std::string table : {"taken_back", "taken_up"}) {
    ASSERT_TRUE(becomes(table, "quarantined")) << line_->line().status_text();
    EXPECT_THAT(stream_of(table).error, HasSubstr("had the key (id) and has (n)"));
    EXPECT_THAT(stream_of(table).hint, HasSubstr("take the key (id) back, then freshet snapshot public."));
    EXPECT_THAT(stream_of(table).hint, HasSubstr("another mirror (`name` in its schema)"));
  }
  line_->sql(
      "UPDATE taken_back SET id = 8 WHERE n = 8;"
      "ALTER TABLE taken_back DROP CONSTRAINT taken_back_pkey, ADD PRIMARY KEY (id)");
  EXPECT_EQ(line_->line().say({"snapshot", "taken_back"}).status, 0);
  ASSERT_TRUE(becomes("taken_back", "running")) << line_->line().status_text();
  line_->expect_equal("taken_back");

  line_->line().stop();
  edit_file(contract_of("taken_up"), "        primaryKey: true\n        primaryKeyPosition: 1\n", "");
  edit_file(contract_of("taken_up"), "      - name: \"n\"\n",
            "      - name: \"n\"\n        primaryKey: true\n        required: true\n");
  edit_file(contract_of("taken_up"), "  - name: taken_up\n", "  - name: taken_up_2\n");
  line_->line().start();
  line_->sql("INSERT INTO taken_up VALUES (7, 'new', 200); DELETE FROM taken_up WHERE n = 30");
  EXPECT_TRUE(eventually([&] { return line_->line().say({"snapshot", "taken_up"}).status == 0; },
                         std::chrono::seconds(60)));
  line_->sql("UPDATE taken_up SET v = 'last' WHERE id = 7; UPDATE taken_up SET n = 300 WHERE n = 31");
  ASSERT_TRUE(becomes("taken_up", "running")) << line_->line().status_text();
  ASSERT_TRUE(line_->caught_up());
  EXPECT_EQ(
      line_->clickhouse().value("SELECT concat(count(), ' ', sum(id), ' ', sum(n)) FROM src.taken_up_2"),
      line_->sql("SELECT count(*) || ' ' || sum(id) || ' ' || sum(n) FROM taken_up").text(0, 0));
  EXPECT_EQ(line_->line().parity(), 0);
}

TEST_F(Upstream, WhatTheStreamDoesNotTellIsInTheMirrorAllTheSame) {
  begin(
      "CREATE TYPE mark AS ENUM ('low', 'high');"
      "CREATE TABLE graded (id bigint PRIMARY KEY, v mark, n int);"
      "INSERT INTO graded SELECT i, 'low', i FROM generate_series(1, 100) i;"
      "CREATE TABLE parted (id bigint, v text, n int, PRIMARY KEY (id, n)) PARTITION BY LIST (n);"
      "CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);"
      "CREATE TABLE parted_2 PARTITION OF parted FOR VALUES IN (2);"
      "CREATE TABLE parted_3 PARTITION OF parted FOR VALUES IN (3);"
      "INSERT INTO parted SELECT i, 'old', i % 3 + 1 FROM generate_series(1, 300) i;" +
      tables({"computed", "made_again"}));
  line_->sql(
      "ALTER TYPE mark RENAME VALUE 'low' TO 'least'; UPDATE graded SET n = 0 WHERE id = 1;"
      "ALTER TABLE computed ALTER v TYPE text USING upper(v); UPDATE computed SET n = 0 WHERE id = 1;"
      "TRUNCATE parted_1; ALTER TABLE parted DETACH PARTITION parted_2; DROP TABLE parted_3;"
      "INSERT INTO parted VALUES (1000, 'new', 1);"
      "CREATE TABLE parted_4 AS SELECT i AS id, 'attached' AS v, 4 AS n FROM generate_series(1, 50) i;"
      "ALTER TABLE parted_4 ALTER id SET NOT NULL, ALTER n SET NOT NULL, ALTER id TYPE bigint;"
      "ALTER TABLE parted ATTACH PARTITION parted_4 FOR VALUES IN (4); UPDATE parted SET v = 'w' WHERE id = "
      "4");
  line_->sql("ALTER TYPE mark ADD VALUE 'middle' BEFORE 'high'");
  line_->sql("UPDATE graded SET v = 'middle' WHERE id = 2; DROP TABLE made_again");
  EXPECT_TRUE(
      eventually([&] { return stream_of("made_again").error.find("there is no table") != std::string::npos; },
                 std::chrono::seconds(60)));
  EXPECT_EQ(line_->clickhouse().value("SELECT count() FROM src.made_again"), "100")
      << "the mirror keeps them";
  line_->sql(tables({"made_again"}) +
             "DELETE FROM made_again WHERE id > 50;"
             "ALTER PUBLICATION freshet ADD TABLE ONLY made_again");
  const auto is_read_again = [&](const char* table) {
    return line_->line().metrics().find(fmt::format(
               "freshet_capture_silent_changes_total{{stream=\"public.{}\"}} 0", table)) == std::string::npos;
  };
  for (const char* table : {"graded", "computed", "parted", "made_again"}) {
    EXPECT_TRUE(eventually([&] { return is_read_again(table); }, std::chrono::seconds(60))) << table;
    EXPECT_TRUE(line_->becomes_equal(table)) << line_->line().status_text();
  }
  EXPECT_EQ(line_->line().parity(), 0);
}

// Partitions emptied, taken away, brought and dropped, one after the other, for as long as it lives.
class Churn {
 public:
  explicit Churn(Mirrored& line) : connection_({.url = line.database().url(), .purpose = "freshet test"}) {
    thread_ = std::jthread([this](std::stop_token stop) {
      while (!stop.stop_requested()) turn(stop);
    });
  }

 private:
  void turn(std::stop_token stop) {
    for (const char* step :
         {"TRUNCATE parted_2; INSERT INTO parted SELECT i, 'came', 2 FROM generate_series(101, 150) i",
          "ALTER TABLE parted DETACH PARTITION parted_1; UPDATE parted_1 SET v = v || 'x'",
          "ALTER TABLE parted ATTACH PARTITION parted_1 FOR VALUES IN (1)",
          "CREATE TABLE parted_4 (LIKE parted); INSERT INTO parted_4 SELECT i, 'a', 4 FROM "
          "generate_series(201, 250) i; ALTER TABLE parted ATTACH PARTITION parted_4 FOR VALUES IN (4)",
          "DROP TABLE parted_4; UPDATE parted SET v = v || 'u' WHERE id % 100 = 7"}) {
      connection_.run(step);
      system_clock().sleep(std::chrono::milliseconds(50), stop);
    }
  }

  postgres::Connection connection_;
  std::jthread thread_;
};

TEST_F(Upstream, PartitionsThatChangeFasterThanTheyAreReadHoldNoReadingUpAlsoThroughKills) {
  line_.emplace(
      "CREATE TABLE parted (id bigint, v text, n int, PRIMARY KEY (id, n)) PARTITION BY LIST (n);"
      "CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);"
      "CREATE TABLE parted_2 PARTITION OF parted FOR VALUES IN (2);"
      "CREATE TABLE parted_3 PARTITION OF parted FOR VALUES IN (3);"
      "INSERT INTO parted SELECT i, 'old', 1 FROM generate_series(1, 50) i;"
      "INSERT INTO parted SELECT i, 'old', 3 FROM generate_series(1001, 21000) i;",
      "\nintervals: {heartbeat: 200ms, canary: 1s}\nlimits: {snapshot_rows_per_second: 10000}\n");
  ASSERT_TRUE(line_->start()) << line_->line().log_tail();
  const auto readings = [&] {
    const std::string metrics = line_->line().metrics();
    const std::string name = "freshet_snapshot_readings_total{stream=\"public.parted\"} ";
    const std::size_t at = metrics.find(name);
    return at == std::string::npos ? 0 : std::stoi(metrics.substr(at + name.size()));
  };
  {
    const Churn churn(*line_);
    EXPECT_TRUE(eventually(
        [&] {
          const auto snapshot = stream_of("parted").snapshot;
          return snapshot && snapshot->note.find("another one follows") != std::string::npos;
        },
        std::chrono::seconds(60)))
        << line_->line().status_text();
    for (int life = 0; life < 3; ++life) {
      const int before = readings();
      EXPECT_TRUE(eventually([&] { return readings() >= before + 2; }, std::chrono::seconds(120)))
          << line_->line().status_text();
      line_->line().kill();
      line_->line().start();
    }
  }
  const std::string after = std::string(line_->sql("SELECT pg_current_wal_insert_lsn()").text(0, 0));
  line_->sql("TRUNCATE parted_2");
  const auto is_read_after_that = [&] {
    const std::string v = stream_of("parted").snapshot.value_or(app::SnapshotLine()).v;
    return !v.empty() && parse_lsn(v) >= parse_lsn(after);
  };
  ASSERT_TRUE(line_->line().wait_until_loaded()) << line_->line().status_text();
  ASSERT_TRUE(eventually(is_read_after_that, std::chrono::seconds(60))) << line_->line().status_text();
  ASSERT_TRUE(line_->line().wait_until_loaded()) << line_->line().status_text();
  // Not more than that: a partition that has another file is read again at the reading's V.
  line_->expect_equal("parted", "SELECT id, v, n FROM {} ORDER BY id");
  EXPECT_EQ(line_->line().parity(), 0);
}

// Killed before the wish to read again is kept, and after; and while it is read.
TEST_F(Upstream, WhatTheStreamDoesNotTellIsNotForgottenByAProcessThatIsKilled) {
  begin(tables({"computed"}));
  for (const char* point : {"noting", "journalled", "chunk_taken"}) {
    line_->line().stop();
    line_->sql("ALTER TABLE computed ALTER v TYPE text USING v || 'x'");
    line_->line().start(std::string(point) + ":1");
    ASSERT_TRUE(eventually([&] { return !line_->line().running(); }, std::chrono::seconds(60))) << point;
    line_->line().kill();
    ASSERT_TRUE(line_->start()) << line_->line().log_tail();
    line_->expect_equal("computed");
  }
}

}  // namespace
}  // namespace freshet::test
