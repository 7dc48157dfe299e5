// Values of a key that the mirror's type can't hold: they wait, and the way out that is named ends in a
// mirror that is exact.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "app/line_status_json.h"
#include "contract/yaml.h"
#include "line/mirrored.h"

namespace freshet::test {
namespace {

using testing::HasSubstr;

struct Keyed {
  std::string table, type;
};
const std::vector<Keyed> kKeyed = {{"days", "date"},
                                   {"prices", "numeric(8,2)"},
                                   {"moments", "timestamp with time zone"},
                                   {"clocks", "timestamp without time zone"}};

class KeyValues : public testing::Test {
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
  void choose_text_in_another_mirror(const Keyed& keyed) {
    const std::string physical = "        physicalType: " + contract::yaml_scalar(keyed.type) + "\n";
    edit_file(contract_of(keyed.table), physical,
              physical +
                  "        customProperties:\n          - property: freshet\n            value: "
                  "{clickhouse_type: String}\n");
    edit_file(contract_of(keyed.table), "  - name: " + keyed.table + "\n",
              "  - name: " + keyed.table + "_2\n");
  }
  void expect_exact(const std::string& table) {
    ASSERT_TRUE(line_->caught_up()) << line_->line().log_tail();
    const postgres::Result rows = line_->sql(
        "SELECT string_agg(k || ' ' || n || ' ' || v, ';' ORDER BY (k || ' ' || n) COLLATE \"C\") FROM "
        "(SELECT format('%s', k) AS k, n, v FROM " +
        table + ") t");
    EXPECT_EQ(
        line_->clickhouse().value(
            "SELECT arrayStringConcat(arraySort(groupArray(concat(k, ' ', toString(n), ' ', v))), ';') FROM "
            "src." +
            table + "_2"),
        rows.text(0, 0))
        << table;
  }

  // Of each key that parity names it says that a change of it waits.
  static void expect_all_explained(const std::string& output) {
    int keys = 0;
    std::istringstream lines(output);
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with("  (")) continue;
      ++keys;
      EXPECT_THAT(line, testing::EndsWith(", in quarantine"));
    }
    EXPECT_GT(keys, 0) << output;
  }

  std::optional<Mirrored> line_;
};

TEST_F(KeyValues, ThatHaveNoPlaceInTheMirrorAreInAnotherOneAsText) {
  std::string schema;
  for (const Keyed& keyed : kKeyed)
    schema += fmt::format("CREATE TABLE {} (k {}, n int, v text NOT NULL, PRIMARY KEY (k, n));", keyed.table,
                          keyed.type);
  line_.emplace(
      schema +
      "INSERT INTO days VALUES ('2020-01-01', 1, 'a'), ('2020-01-02', 1, 'b'), ('-infinity', 1, 'c');"
      "INSERT INTO prices VALUES (1, 1, 'a'), (2.50, 1, 'b'), ('NaN', 9, 'c');"
      "INSERT INTO moments VALUES ('2020-01-01', 1, 'a'), ('1066-10-14', 1, 'b');"
      "INSERT INTO clocks VALUES ('2020-01-01 00:00:00.5', 1, 'a'), ('0044-03-15 BC', 1, 'b')");
  ASSERT_TRUE(line_->start()) << line_->line().log_tail();
  for (const Keyed& keyed : kKeyed) ASSERT_TRUE(becomes(keyed.table, "quarantined")) << keyed.table;
  line_->sql(
      "INSERT INTO days VALUES ('infinity', 1, 'd'), ('5000-01-01', 1, 'e');"
      "UPDATE days SET k = 'infinity', n = 2 WHERE v = 'b'; INSERT INTO prices VALUES ('NaN', 1, 'd');"
      "UPDATE prices SET k = 'NaN', n = 2 WHERE v = 'b'; UPDATE moments SET v = 'b2' WHERE v = 'b';"
      "INSERT INTO moments VALUES ('infinity', 1, 'd'); INSERT INTO clocks VALUES ('-infinity', 1, 'd')");
  ASSERT_TRUE(line_->caught_up());
  for (const Keyed& keyed : kKeyed) {
    const std::string hint = stream_of(keyed.table).hint;
    EXPECT_THAT(hint, HasSubstr("clickhouse_type: String"));
    EXPECT_THAT(hint, HasSubstr("another mirror (`name` in its schema)"));
    EXPECT_THAT(hint, HasSubstr("freshet snapshot public." + keyed.table));
    EXPECT_THAT(hint, Not(HasSubstr("null_when")));
  }

  const Line::Said parity = line_->line().say({"parity"});
  EXPECT_EQ(parity.status, 1) << parity.output;
  expect_all_explained(parity.output);
  EXPECT_THAT(parity.output,
              AllOf(HasSubstr("(infinity, 1): only in the source, in quarantine"),
                    HasSubstr("(-infinity, 1): only in the source, in quarantine"),
                    HasSubstr("(5000-01-01, 1): only in the source, in quarantine"),
                    HasSubstr("(2020-01-02, 1): only in the mirror, in quarantine"),
                    HasSubstr("(NaN, 9): only in the source, in quarantine"),
                    HasSubstr("(1066-10-14 00:00:00+00, 1): only in the source, in quarantine"),
                    HasSubstr("(0044-03-15 00:00:00 BC, 1): only in the source, in quarantine")));
  const std::string listed = line_->line().say({"quarantine", "list"}).output;
  for (const char* key : {"  k = infinity, n = 1: public.days", "  k = -infinity, n = 1: public.days",
                          "  k = 5000-01-01, n = 1: public.days", "  k = 2020-01-02, n = 1: public.days",
                          "  k = NaN, n = 9: public.prices", "  k = 2.50, n = 1: public.prices",
                          "  k = 1066-10-14 00:00:00+00, n = 1: public.moments",
                          "  k = 0044-03-15 00:00:00 BC, n = 1: public.clocks"})
    EXPECT_THAT(listed, HasSubstr(key));

  line_->line().stop();
  for (const Keyed& keyed : kKeyed) choose_text_in_another_mirror(keyed);
  line_->line().start();
  EXPECT_TRUE(eventually(
      [&] { return line_->line().say({"snapshot", "days", "prices", "moments", "clocks"}).status == 0; },
      std::chrono::seconds(60)));
  for (const Keyed& keyed : kKeyed) {
    ASSERT_TRUE(becomes(keyed.table, "running")) << line_->line().status_text();
    expect_exact(keyed.table);
  }

  // And what comes: by the same text, from the stream as from the reading.
  line_->sql(
      "UPDATE days SET v = 'changed' WHERE k = 'infinity' AND n = 1; DELETE FROM days WHERE k = '-infinity';"
      "UPDATE days SET k = '2021-01-01' WHERE k = 'infinity' AND n = 2; UPDATE days SET k = '2020-01-01', n "
      "= 3 "
      "WHERE v = 'e';"
      "UPDATE prices SET v = 'changed' WHERE k = 1.00; DELETE FROM prices WHERE k = 'NaN' AND n = 1;"
      "UPDATE prices SET k = 2.5 WHERE k = 'NaN' AND n = 2; UPDATE moments SET k = '1066-10-15' WHERE k < "
      "'1100-01-01';"
      "DELETE FROM moments WHERE k = 'infinity'; UPDATE clocks SET v = 'changed'; "
      "UPDATE clocks SET k = k + interval '1 day' WHERE isfinite(k)");
  for (const Keyed& keyed : kKeyed) expect_exact(keyed.table);
  EXPECT_EQ(line_->line().parity(), 0);
  // A reading finds the rows by the same keys, and its sweep those that are gone.
  EXPECT_EQ(line_->line().say({"snapshot", "days", "prices", "moments", "clocks"}).status, 0);
  ASSERT_TRUE(line_->line().wait_until_loaded()) << line_->line().status_text();
  for (const Keyed& keyed : kKeyed) expect_exact(keyed.table);
}

// Also where a stream stops at such a value, and where it is a periodic reading that finds it.
TEST_F(KeyValues, TakeTheSameWayOutOfAStreamThatStopsAndOfAPeriodicOne) {
  const std::vector<Keyed> keyed = {{"halted", "date"}, {"rates", "date"}};
  std::string schema;
  for (const Keyed& table : keyed)
    schema += fmt::format(
        "CREATE TABLE {0} (k date, n int, v text NOT NULL, PRIMARY KEY (k, n)); INSERT INTO {0} VALUES "
        "('2020-01-01', 1, 'a');",
        table.table);
  line_.emplace(schema);
  const std::string in_schema = "          schema: public\n";
  edit_file(contract_of("halted"), in_schema, in_schema + "          on_violation: halt\n");
  edit_file(contract_of("rates"), in_schema, in_schema + "          mode: periodic\n          every: 1s\n");
  ASSERT_TRUE(line_->start()) << line_->line().log_tail();
  for (const Keyed& table : keyed) line_->sql("INSERT INTO " + table.table + " VALUES ('infinity', 1, 'b')");
  ASSERT_TRUE(becomes("halted", "stopped")) << line_->line().status_text();
  ASSERT_TRUE(becomes("rates", "quarantined")) << line_->line().status_text();
  for (const Keyed& table : keyed)
    EXPECT_THAT(stream_of(table.table).hint, HasSubstr("another mirror (`name` in its schema)"));

  line_->line().stop();
  for (const Keyed& table : keyed) choose_text_in_another_mirror(table);
  line_->line().start();
  EXPECT_TRUE(eventually([&] { return line_->line().say({"snapshot", "halted", "rates"}).status == 0; },
                         std::chrono::seconds(60)));
  for (const Keyed& table : keyed) {
    ASSERT_TRUE(becomes(table.table, "running")) << line_->line().status_text();
    EXPECT_EQ(line_->clickhouse().value("SELECT arrayStringConcat(arraySort(groupArray(k)), ' ') FROM src." +
                                        table.table + "_2"),
              "2020-01-01 infinity");
  }
  EXPECT_EQ(line_->line().parity(), 0);
}

// The first one begins in the mirror's form as a key does that has no place there.
TEST_F(KeyValues, AreListedAsPostgreSQLPrintsThem) {
  line_.emplace(
      "CREATE TYPE grade AS ENUM ('low');"
      "CREATE TABLE listed (i bigint, b boolean, n numeric(8,2), t text, e grade, u uuid, d date, z "
      "timestamptz, s "
      "timestamp, x bytea, a inet, v numeric(4,2), PRIMARY KEY (i, b, n, t, e, u, d, z, s, x, a))");
  ASSERT_TRUE(line_->start()) << line_->line().log_tail();
  const std::string key =
      "-1, true, 2.50, 'a b', 'low', '00000000-0000-4000-8000-0000000000ff', '1969-12-31', '1969-12-31 "
      "23:59:59.25+00', '2020-01-01 10:00:00', '\\x00ff', '10.0.0.1/8'";
  line_->sql("INSERT INTO listed VALUES (" + key + ", 'NaN'); UPDATE listed SET v = 1");
  ASSERT_TRUE(becomes("listed", "quarantined")) << line_->line().status_text();
  EXPECT_THAT(
      line_->line().say({"quarantine", "list"}).output,
      HasSubstr("  i = -1, b = t, n = 2.50, t = a b, e = low, u = 00000000-0000-4000-8000-0000000000ff, d = "
                "1969-12-31, z = 1969-12-31 23:59:59.25+00, s = 2020-01-01 10:00:00, x = \\x00ff, a = "
                "10.0.0.1/8: public.listed at "));
}

// Not only of those that a change says it of: all of its keys wait.
TEST_F(KeyValues, OfAStreamThatWaitsAsAWholeAreExplained) {
  std::string schema;
  for (const char* table : {"unkeyed", "retyped", "lacking"})
    schema += fmt::format(
        "CREATE TABLE {0} (k int PRIMARY KEY, n int, v text); INSERT INTO {0} VALUES (1, 1, 'a'), "
        "(2, 2, 'b'), (3, 3, 'c');",
        table);
  line_.emplace(schema);
  ASSERT_TRUE(line_->start()) << line_->line().log_tail();
  line_->sql(
      "ALTER TABLE unkeyed DROP CONSTRAINT unkeyed_pkey; INSERT INTO unkeyed VALUES (1, 1, 'again'), (4, 4, "
      "'d');"
      "ALTER TABLE retyped ALTER k TYPE bigint; INSERT INTO retyped VALUES (5000000000, 1, 'd');"
      "UPDATE retyped SET v = 'changed' WHERE k = 1; DELETE FROM retyped WHERE k = 2;"
      "ALTER TABLE lacking DROP COLUMN n; INSERT INTO lacking VALUES (4, 'd')");
  for (const char* table : {"unkeyed", "retyped", "lacking"})
    ASSERT_TRUE(becomes(table, "quarantined")) << table;
  const Line::Said parity = line_->line().say({"parity"});
  EXPECT_EQ(parity.status, 1) << parity.output;
  expect_all_explained(parity.output);
  EXPECT_THAT(
      parity.output,
      AllOf(HasSubstr(
                "2 keys, 2 of them for what waits in quarantine  2 changes wait in quarantine: those of the "
                "whole stream"),
            HasSubstr("3 keys, 3 of them for what waits in quarantine"), HasSubstr("(5000000000): only in"),
            HasSubstr("(1): more than one row in the source, in quarantine")));
  // What can't be compared has no rows to show, and waits all the same.
  EXPECT_THAT(parity.output,
              testing::ContainsRegex("public.lacking +- +- +undecided +1 change waits in quarantine"));
}

}  // namespace
}  // namespace freshet::test
