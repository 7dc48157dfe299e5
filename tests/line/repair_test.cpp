// freshet parity --repair: what differs is read again by its keys, and nothing else; kept on record; right
// through kills and beside changes of the same keys; and what isn't its to decide is left alone, and named.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "app/line_status_json.h"
#include "line/contracts.h"
#include "line/mirrored.h"

namespace freshet::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;

constexpr const char* kItems =
    "CREATE TABLE items (id bigint PRIMARY KEY, v text, n bigint);"
    "INSERT INTO items SELECT i, 'value ' || i, i FROM generate_series(1, 3000) i;";

// Runs the same statements again and again, until it goes.
class Traffic {
 public:
  Traffic(const std::string& url, std::string statements)
      : thread_([this, url, statements = std::move(statements)](std::stop_token stop) {
          postgres::Connection connection({.url = url, .purpose = "freshet test"});
          for (; !stop.stop_requested(); ++rounds_) connection.run(statements);
        }) {}

  int rounds() const { return rounds_; }

 private:
  std::atomic<int> rounds_ = 0;
  std::jthread thread_;
};

class Repair : public testing::Test {
 protected:
  void begin(const std::string& schema) {
    line_.emplace(schema);
    ASSERT_TRUE(line_->start()) << line_->line().log_tail();
    ASSERT_TRUE(line_->caught_up());
  }
  void in_mirror(const std::string& statement) { line_->clickhouse().execute(statement); }
  std::string value(const std::string& query) { return line_->clickhouse().value(query); }

  // Copies of rows, otherwise than the source has them.
  void add_rows(const std::string& table, const std::string& other, const std::string& of) {
    in_mirror(
        fmt::format("INSERT INTO raw.{0} SELECT * REPLACE ({1}) FROM (SELECT * FROM raw.{0} FINAL WHERE {2})",
                    table, other, of));
  }

  // Three rows gone, four with another value, five that the source hasn't.
  void damage_items() {
    in_mirror("ALTER TABLE raw.items DELETE WHERE id IN (1, 2, 3) SETTINGS mutations_sync = 2");
    in_mirror(
        "ALTER TABLE raw.items UPDATE v = 'damaged' WHERE id BETWEEN 11 AND 14 SETTINGS mutations_sync = 2");
    add_rows("items", "id + 100000 AS id", "id BETWEEN 21 AND 25");
  }
  // Rows and tombstones that a reading has brought since; those that a change replaced aside.
  std::string read_since(const std::string& version) {
    return value(
        "SELECT toString(countIf(_deleted = 0)) || ' rows, ' || toString(countIf(_deleted = 1)) || ' gone' "
        "FROM "
        "(SELECT DISTINCT id, _version, _deleted FROM raw.items) WHERE bitAnd(_version, 0xffffffffffffffff) "
        "= 0 "
        "AND _version > " +
        version);
  }
  Line::Said repair(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"parity", line_->project(), "--repair"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return line_->line().say(arguments);
  }

  std::optional<Mirrored> line_;
};

TEST_F(Repair, ReadsTheKeysThatDifferAgainAndNothingElse) {
  begin(kItems);
  const std::string before = value("SELECT max(_version) FROM raw.items");
  damage_items();
  const Traffic traffic(
      line_->database().url(),
      "UPDATE items SET n = n + 1 WHERE id > 1000 AND id % 500 = (random() * 500)::int;"
      "INSERT INTO items SELECT max(id) + 1, 'new', 0 FROM items WHERE id < 100000; SELECT pg_sleep(0.02)");
  const Line::Said differs = line_->line().say({"parity"});
  EXPECT_EQ(differs.status, 1) << differs.output;
  EXPECT_THAT(differs.output, HasSubstr("12 keys"));

  const Line::Said repaired = repair();
  EXPECT_EQ(repaired.status, 0) << repaired.output << line_->line().log_tail();
  EXPECT_THAT(
      repaired.output,
      HasSubstr("repaired: 12 keys were read again (3 only in the source, 5 only in the mirror, 4 with "
                "other values): 12 are mended, 0 aren't"));
  EXPECT_GT(traffic.rounds(), 0);
  EXPECT_EQ(read_since(before), "7 rows, 5 gone");
  EXPECT_EQ(line_->line().parity(), 0);
  EXPECT_EQ(
      value("SELECT arrayStringConcat(groupArray(concat(toString(state), ' ', stream, ' ', "
            "toString(missing), ' ', "
            "toString(extra), ' ', toString(values), ' ', toString(mended))), '; ') FROM (SELECT * FROM "
            "freshet.repairs ORDER BY began, state)"),
      "began public.items 3 5 4 0; ended public.items 3 5 4 12");
  EXPECT_THAT(line_->line().log_tail(), HasSubstr("repair_ended"));
}

TEST_F(Repair, OfKeysThatChangeMeanwhileKeepsTheirNewestState) {
  begin(kItems);
  damage_items();
  {
    const Traffic traffic(
        line_->database().url(),
        "UPDATE items SET n = n + 1 WHERE id IN (1, 11, 12);"
        "DELETE FROM items WHERE id IN (2, 13);"
        "INSERT INTO items VALUES (2, 'again', 1), (13, 'again', 1);"
        "INSERT INTO items VALUES (100021, 'real', 1) ON CONFLICT (id) DO UPDATE SET n = items.n + 1;"
        "DELETE FROM items WHERE id = 100022; INSERT INTO items VALUES (100022, 'real', 2);"
        "DELETE FROM items WHERE id = 100022; SELECT pg_sleep(0.05)");
    const Line::Said repaired = repair();
    EXPECT_NE(repaired.status, 3) << repaired.output;
    EXPECT_GT(traffic.rounds(), 0);
  }
  line_->expect_equal("items");
  EXPECT_EQ(line_->line().parity(), 0);
}

// Wherever capture is killed between being asked for the keys and having them in the journal, it is asked
// again.
TEST_F(Repair, IsDoneThoughCaptureIsKilledInItsMiddle) {
  for (const char* point : {"chunk_read:1", "chunk_taken:1"}) {
    begin(kItems);
    line_->line().stop();
    line_->line().start("load", "");
    line_->line().start("capture", point);
    line_->expect_equal("items");
    damage_items();
    Line::Said repaired;
    {
      const std::jthread thread([&] { repaired = repair(); });
      EXPECT_TRUE(eventually([&] { return line_->line().was_killed("capture"); }, 60s)) << point;
      line_->sql(
          "UPDATE items SET v = 'newest' WHERE id IN (1, 11); INSERT INTO items VALUES (100021, 'real', 1)");
      line_->line().start("capture", "");
    }
    EXPECT_EQ(repaired.status, 0) << point << repaired.output << line_->line().log_tail();
    line_->expect_equal("items");
    EXPECT_EQ(line_->line().parity(), 0);
    line_->line().kill();
  }
}

// With the engine; whoever asked is told, and asks again.
TEST_F(Repair, IsDoneByTheNextOneThoughAllIsKilledInItsMiddle) {
  begin(kItems);
  line_->line().stop();
  line_->line().start("chunk_taken:1");
  line_->expect_equal("items");
  damage_items();
  EXPECT_NE(repair().status, 0);
  EXPECT_TRUE(line_->line().was_killed("up"));
  line_->line().kill();
  ASSERT_TRUE(line_->start()) << line_->line().log_tail();
  const Line::Said repaired = repair();
  EXPECT_EQ(repaired.status, 0) << repaired.output << line_->line().log_tail();
  line_->expect_equal("items");
  EXPECT_EQ(value("SELECT countIf(state = 'ended') FROM freshet.repairs"), "1");
}

// A key of every type that one may have, with values that have to be written with care.
TEST_F(Repair, AsksForKeysOfEveryType) {
  begin(
      "CREATE TYPE \"odd 'grade\" AS ENUM ('lo''w', 'high'); CREATE DOMAIN code AS varchar(40);"
      "CREATE TABLE odd (i bigint, b boolean, n numeric(8,2), t text, c char(5), e \"odd 'grade\", u uuid, d "
      "date, z "
      "timestamptz, s timestamp, x bytea, a inet, o code, v text, "
      "PRIMARY KEY (i, b, n, t, c, e, u, d, z, s, x, a, o));"
      "INSERT INTO odd SELECT i, i % 2 = 0, i + 0.5, E'a ''\"\\\\\\n\\t\\u0001, 3:b \\u00fc\\U0001F600 {} $1 "
      "' || i, 'ab', "
      "'lo''w', '00000000-0000-4000-8000-0000000000ff', '1969-12-31', '1969-12-31 23:59:59.25+00', "
      "'2020-01-01 "
      "10:00:00.000001', '\\x00ff275c', '10.0.0.1/8', E' o\\'dd ', 'v' || i "
      "FROM generate_series(1, 9) i");
  in_mirror("ALTER TABLE raw.odd DELETE WHERE i IN (1, 2) SETTINGS mutations_sync = 2");
  in_mirror("ALTER TABLE raw.odd UPDATE v = 'damaged' WHERE i IN (3, 4) SETTINGS mutations_sync = 2");
  add_rows("odd", "i + 100 AS i", "i IN (5, 6)");
  add_rows("odd", "concat(t, 'x') AS t", "i = 7");
  // No key of the source's type: it must not stand in the way of the others.
  add_rows("odd", "'no grade' AS e", "i = 8");
  const Line::Said repaired = repair();
  EXPECT_EQ(repaired.status, 1) << repaired.output;
  EXPECT_THAT(
      repaired.output,
      AllOf(HasSubstr("7 keys were read again (2 only in the source, 3 only in the mirror, 2 with other "
                      "values): 7 are mended, 0 aren't"),
            HasSubstr("left alone: 1 keys: the source can't be asked for such a key")))
      << line_->line().log_tail();
  EXPECT_EQ(line_->line().say({"snapshot", "odd"}).status, 0);
  EXPECT_TRUE(eventually([&] { return line_->line().say({"parity"}).status == 0; }, 60s));
}

// A tombstone of a mirror that keeps what was deleted has the last values of that, whatever the source sends.
TEST_F(Repair, KeepsWhatTheMirrorKeepsOfRowsThatAreGone) {
  line_.emplace(
      "CREATE TABLE kept (id bigint PRIMARY KEY, v text NOT NULL, n bigint); INSERT INTO kept SELECT i, 'v' "
      "|| i, i "
      "FROM generate_series(1, 10) i; CREATE TABLE kept_full (LIKE kept INCLUDING ALL); ALTER TABLE "
      "kept_full "
      "REPLICA IDENTITY FULL; INSERT INTO kept_full SELECT * FROM kept");
  change_contracts(line_->project(),
                   [](contract::StreamContract& contract) { contract.on_delete = contract::OnDelete::keep; });
  ASSERT_TRUE(line_->start()) << line_->line().log_tail();
  for (const std::string table : {"kept", "kept_full"}) {
    ASSERT_TRUE(line_->caught_up());
    add_rows(table, "id + 100 AS id", "id = 5");
    in_mirror(fmt::format("ALTER TABLE raw.{} DELETE WHERE id = 1 SETTINGS mutations_sync = 2", table));
  }
  const Line::Said repaired = repair();
  EXPECT_EQ(repaired.status, 0) << repaired.output << line_->line().log_tail();
  for (const std::string table : {"kept", "kept_full"})
    EXPECT_EQ(
        value(fmt::format(
            "SELECT arrayStringConcat(groupArray(concat(toString(id), ' ', v, ' ', toString(n), ' ', "
            "toString(is_deleted))), '; ') FROM (SELECT * FROM src.{} WHERE id IN (1, 5, 105) ORDER BY id)",
            table)),
        "1 v1 1 0; 5 v5 5 0; 105 v5 5 1")
        << table;
}

TEST_F(Repair, LeavesAloneWhatWaitsAndWhatStands) {
  begin(
      "CREATE TABLE held (id bigint PRIMARY KEY, v text, n numeric(8,2)); INSERT INTO held SELECT i, 'v', i "
      "FROM "
      "generate_series(1, 10) i; CREATE TABLE paused (id bigint PRIMARY KEY, v text, n bigint); INSERT INTO "
      "paused "
      "SELECT i, 'v', i FROM generate_series(1, 10) i");
  line_->sql("UPDATE held SET n = 'NaN' WHERE id = 1");
  ASSERT_TRUE(eventually([&] { return value("SELECT count() FROM freshet.quarantine") == "1"; }, 60s));
  ASSERT_EQ(line_->line().say({"stream", "pause", "public.paused"}).status, 0);
  for (const char* table : {"held", "paused"})
    in_mirror(fmt::format("ALTER TABLE raw.{} DELETE WHERE id = 2 SETTINGS mutations_sync = 2", table));
  const Line::Said repaired = repair();
  EXPECT_EQ(repaired.status, 1) << repaired.output;
  EXPECT_THAT(
      repaired.output,
      AllOf(HasSubstr(
                "1 keys were read again (1 only in the source, 0 only in the mirror, 0 with other values): "
                "1 are mended, 0 aren't"),
            HasSubstr("left alone: 1 keys: changes of them wait in quarantine"),
            HasSubstr("(1): values differ, in quarantine"),
            HasSubstr("the stream of public.paused doesn't run (paused)")));
  EXPECT_EQ(value("SELECT n FROM src.held WHERE id = 1"), "1");
  EXPECT_EQ(value("SELECT count() FROM src.paused"), "9");
}

// What the mirror alone has may be what the source has lost by accident.
TEST_F(Repair, AsksBeforeItTakesMuchAway) {
  begin(kItems);
  in_mirror("ALTER TABLE raw.items DELETE WHERE id = 1 SETTINGS mutations_sync = 2");
  add_rows("items", "id + 100000 AS id", "id BETWEEN 2 AND 1500");
  const Line::Said asks = repair();
  EXPECT_EQ(asks.status, 1) << asks.output;
  EXPECT_THAT(
      asks.output,
      AllOf(HasSubstr("1 keys were read again"),
            HasSubstr(
                "left alone: 1499 keys: the source lacks them, and they are more than 10 % of the mirror"),
            HasSubstr("freshet parity --repair --yes")));
  EXPECT_EQ(value("SELECT count() FROM src.items"), "4499");
  const Line::Said allowed = repair({"--yes"});
  EXPECT_EQ(allowed.status, 0) << allowed.output;
  line_->expect_equal("items");
}

TEST_F(Repair, OfMoreKeysThanItMayAskForNamesTheSnapshot) {
  begin(
      "CREATE TABLE items (id bigint PRIMARY KEY, v text, n bigint);"
      "INSERT INTO items SELECT i, 'v', i FROM generate_series(1, 20100) i;");
  const std::string before = value("SELECT max(_version) FROM raw.items");
  in_mirror("ALTER TABLE raw.items DELETE WHERE id > 50 SETTINGS mutations_sync = 2");
  const Line::Said said = repair();
  EXPECT_EQ(said.status, 1) << said.output;
  EXPECT_THAT(said.output, HasSubstr("more than 20000 keys differ"));
  EXPECT_THAT(said.output, HasSubstr("freshet snapshot public.items"));
  EXPECT_EQ(read_since(before), "0 rows, 0 gone");
}

}  // namespace
}  // namespace freshet::test
