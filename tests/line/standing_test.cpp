// What doesn't fit stops its stream alone, in order, and says why; a stream that stands fills no journal.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/line_status_json.h"
#include "line/mirrored.h"

namespace freshet::test {
namespace {

using testing::HasSubstr;

// A small journal, and nothing kept in it for replays.
const std::string kSmallJournal = std::string(kQuick) + "journal: {size_limit: 64MiB, retention: 0s}\n";

app::StreamLine stream_of(Mirrored& mirrored, const std::string& name) {
  const app::LineStatus status = app::line_status_from_json(mirrored.line().status_json());
  for (const app::StreamLine& stream : status.streams)
    if (stream.name == name) return stream;
  throw std::runtime_error("no stream " + name);
}

bool becomes(Mirrored& mirrored, const std::string& name, const std::string& state) {
  return eventually([&] { return stream_of(mirrored, name).state == state; }, std::chrono::seconds(60));
}

// To be started again.
void halt_on_violation(Mirrored& mirrored, const std::string& table) {
  edit_file(fmt::format("{}/contracts/{}.yaml", mirrored.project(), table), "          schema: public\n",
            "          schema: public\n          on_violation: halt\n");
}

TEST(Quarantine, TakesWhatBreaksTheContractAndNothingElse) {
  Mirrored line(
      "CREATE TABLE prices (id bigint PRIMARY KEY, v numeric(14,2), n bigint);"
      "CREATE TABLE shapes (id bigint PRIMARY KEY, v text NOT NULL, n bigint);"
      "CREATE TABLE fine (id bigint PRIMARY KEY, v text, n bigint);"
      "INSERT INTO prices SELECT i, i, i FROM generate_series(1, 100) i;"
      "INSERT INTO shapes SELECT i, 'v', i FROM generate_series(1, 100) i");
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  line.sql("INSERT INTO prices VALUES (101, 1.5, 0); UPDATE prices SET v = 7 WHERE id = 1");
  // A round of its own: a stream stands at its last whole one.
  line.expect_equal("prices", "SELECT id, n FROM {} ORDER BY id");
  line.sql(
      "BEGIN; INSERT INTO prices VALUES (102, 1.5, 0), (103, 'NaN', 0); INSERT INTO fine VALUES (1, 'a', 1); "
      "COMMIT");
  line.sql("INSERT INTO prices VALUES (104, 2.5, 0); UPDATE prices SET v = 8 WHERE id = 1");
  line.sql("ALTER TABLE shapes DROP COLUMN v; INSERT INTO shapes VALUES (101, 1)");
  line.sql("INSERT INTO fine SELECT i, 'b', i FROM generate_series(2, 500) i");
  line.expect_equal("fine");

  ASSERT_TRUE(becomes(line, "public.prices", "quarantined"));
  ASSERT_TRUE(becomes(line, "public.shapes", "quarantined"));
  EXPECT_EQ(stream_of(line, "public.fine").state, "running");
  EXPECT_GT(stream_of(line, "public.shapes").lag_seconds.value_or(0), 0);
  EXPECT_GT(stream_of(line, "public.prices").lag_seconds.value_or(0), 0);
  EXPECT_THAT(stream_of(line, "public.prices").error, HasSubstr("a value of column 'v'"));
  EXPECT_THAT(stream_of(line, "public.shapes").error, HasSubstr("public.shapes.v is gone from the stream"));
  const std::string told = line.line().status_text();
  EXPECT_THAT(told, HasSubstr(stream_of(line, "public.prices").error));
  EXPECT_THAT(told, HasSubstr(stream_of(line, "public.shapes").error));

  // What breaks it waits, and what comes after it for its key; nothing of a stream does whose shape breaks
  // it.
  line.sql("INSERT INTO fine VALUES (501, 'c', 1)");
  line.expect_equal("fine");
  EXPECT_EQ(
      line.clickhouse().value("SELECT concat(count(), ' ', max(id), ' ', anyIf(v, id = 1)) FROM src.prices"),
      "103 104 8");
  EXPECT_EQ(line.clickhouse().value("SELECT count() FROM src.shapes"), "100");
}

TEST(Standing, IsTheStreamWhoseMirrorIsNotWhatItsContractAsksFor) {
  Mirrored line(
      "CREATE TABLE prices (id bigint PRIMARY KEY, v numeric(14,2), n bigint);"
      "CREATE TABLE fine (id bigint PRIMARY KEY, v text, n bigint);"
      "INSERT INTO prices SELECT i, i, i FROM generate_series(1, 100) i");
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  line.expect_equal("prices", "SELECT id, n FROM {} ORDER BY id");
  line.sql("ALTER TABLE prices ALTER v TYPE numeric(20,6); INSERT INTO prices VALUES (101, 1.000001, 1)");
  ASSERT_TRUE(becomes(line, "public.prices", "quarantined"));

  // The contract is mended, the mirror isn't yet.
  line.line().stop();
  edit_file(line.project() + "/contracts/prices.yaml", "numeric(14,2)", "numeric(20,6)");
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  line.sql("INSERT INTO fine VALUES (1, 'goes on', 1)");
  line.expect_equal("fine");
  ASSERT_TRUE(becomes(line, "public.prices", "stopped"));
  EXPECT_THAT(stream_of(line, "public.prices").error,
              HasSubstr("raw.prices in ClickHouse isn't what the contract"));
  const std::string change = "ALTER TABLE `raw`.`prices` MODIFY COLUMN `v` Nullable(Decimal(20, 6))";
  EXPECT_THAT(stream_of(line, "public.prices").hint, HasSubstr(change));
  const Line::Said doctor = line.line().say({"doctor"});
  EXPECT_EQ(doctor.status, 1);
  EXPECT_THAT(doctor.output, testing::AllOf(HasSubstr("is stopped"), HasSubstr(change))) << doctor.output;
  EXPECT_EQ(stream_of(line, "public.fine").state, "running");
  // Whoever asks ClickHouse itself, as parity does, hears the same.
  EXPECT_THAT(
      line.clickhouse().value("SELECT reason FROM freshet.streams FINAL WHERE stream = 'public.prices'"),
      HasSubstr("raw.prices in ClickHouse isn't what the contract"));

  line.clickhouse().execute(change);
  line.line().stop();
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  ASSERT_TRUE(becomes(line, "public.prices", "running")) << line.line().status_text();
  line.expect_equal("prices", "SELECT id, n FROM {} ORDER BY id");
  EXPECT_EQ(line.clickhouse().value("SELECT v FROM src.prices WHERE id = 101"), "1.000001");
}

// What was in its first snapshot waits, for a value that its contract allows by now.
TEST(Quarantine, OfAMirrorWithoutRowsEndsWithTheContractAlone) {
  Mirrored line(
      "CREATE TABLE shapes (id bigint PRIMARY KEY, a int[]);"
      "INSERT INTO shapes VALUES (1, '{{1,2},{3,4}}')");
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  ASSERT_TRUE(becomes(line, "public.shapes", "quarantined"));
  EXPECT_THAT(stream_of(line, "public.shapes").hint, HasSubstr("give the column clickhouse_type: String"));
  line.line().stop();
  edit_file(
      line.project() + "/contracts/shapes.yaml", "physicalType: \"integer[]\"\n",
      "physicalType: \"integer[]\"\n        customProperties:\n          - property: freshet\n            "
      "value:\n"
      "              clickhouse_type: String\n");
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  ASSERT_TRUE(becomes(line, "public.shapes", "running")) << line.line().status_text();
  line.expect_equal("shapes", "SELECT id, a FROM {} ORDER BY id");
}

TEST(Standing, FillsAtMostAFifthOfTheJournalAndStopsNobody) {
  Mirrored line(
      "CREATE TABLE stands (id bigint PRIMARY KEY, v bytea, n float8);"
      "CREATE TABLE goes_on (id bigint PRIMARY KEY, v bytea, n bigint);"
      "ALTER TABLE stands ALTER v SET STORAGE EXTERNAL; ALTER TABLE goes_on ALTER v SET STORAGE EXTERNAL;",
      kSmallJournal);
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  line.line().stop();
  halt_on_violation(line, "stands");
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  line.sql("ALTER TABLE stands ALTER n TYPE text; INSERT INTO stands VALUES (1, 'x', 'no number')");
  ASSERT_TRUE(becomes(line, "public.stands", "stopped"));
  // 8 kB of noise a row, 8 MB a transaction: of both together more than twice what the journal may hold.
  const auto fill = [&](const char* table, int from) {
    line.sql(
        fmt::format("INSERT INTO {} SELECT i, (SELECT string_agg(sha512((i || ',' || g)::bytea), '') FROM "
                    "generate_series(1, 125) g), '0' FROM generate_series({}, {}) i",
                    table, from, from + 999));
  };
  for (int part = 0; part < 8; ++part) {
    fill("stands", 10 + 1'000 * part);
    fill("goes_on", 10 + 1'000 * part);
  }
  line.expect_equal("goes_on", "SELECT id, n FROM {} ORDER BY id");
  ASSERT_TRUE(becomes(line, "public.stands", "gap")) << line.line().status_text();
  EXPECT_THAT(stream_of(line, "public.stands").error, HasSubstr("dropped records"));
  EXPECT_THAT(stream_of(line, "public.stands").hint, HasSubstr("snapshot"));
  EXPECT_EQ(stream_of(line, "public.goes_on").state, "running");

  // The type is mended, and the table read again: what the journal lacks isn't needed any more.
  line.sql("ALTER TABLE stands ALTER n TYPE float8 USING 0");
  line.sql("DELETE FROM stands WHERE id % 2 = 0");
  EXPECT_EQ(line.line().say({"snapshot", "public.stands"}).status, 0);
  ASSERT_TRUE(line.line().wait_until_loaded()) << line.line().status_text();
  EXPECT_EQ(stream_of(line, "public.stands").state, "running") << line.line().status_text();
  line.expect_equal("stands", "SELECT id, n FROM {} ORDER BY id");
  line.expect_equal("goes_on", "SELECT id, n FROM {} ORDER BY id");
}

// What waited is more than several rounds take.
TEST(Paused, CatchesUpBesideTheOthers) {
  Mirrored line(
      "CREATE TABLE waits (id bigint PRIMARY KEY, v text, n bigint); ALTER TABLE waits ALTER v SET STORAGE "
      "EXTERNAL;"
      "CREATE TABLE fine (id bigint PRIMARY KEY, v text, n bigint);"
      "INSERT INTO waits VALUES (0, repeat('out of line', 1000), 0)");
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  EXPECT_EQ(line.line().say({"stream", "pause", "waits"}).status, 0);
  for (int part = 0; part < 30; ++part)
    line.sql(fmt::format(
        "BEGIN; INSERT INTO waits SELECT i, repeat('x', 1000), i FROM generate_series({}, {}) i; "
        "UPDATE waits SET n = n + 1 WHERE id = 0; UPDATE waits SET id = id + 1000000 WHERE id = {}; COMMIT",
        1 + 2'000 * part, 2'000 * (part + 1), 1 + 2'000 * part));
  line.sql("INSERT INTO fine VALUES (0, 'before', 0)");
  line.expect_equal("fine");
  ASSERT_TRUE(becomes(line, "public.waits", "paused"));
  const std::string paused_at = line.clickhouse().value("SELECT max(round) FROM freshet.cuts");
  EXPECT_EQ(line.line().say({"stream", "resume", "waits"}).status, 0);
  for (int id = 1; id <= 3; ++id) {
    line.sql(fmt::format("INSERT INTO fine VALUES ({}, 'goes on', 0)", id));
    line.expect_equal("fine");
  }
  ASSERT_TRUE(becomes(line, "public.waits", "running")) << line.line().status_text();
  line.expect_equal("waits");
  EXPECT_EQ(line.line().parity(), 0);
  // Cuts of the others between those of its portions, all below their own.
  const std::string portions = fmt::format(
      "FROM freshet.cuts ARRAY JOIN behind AS b WHERE b.stream = 'public.waits' AND round > {}", paused_at);
  EXPECT_GE(std::stoi(line.clickhouse().value("SELECT uniqExact(b.offset) " + portions)), 4);
  EXPECT_GE(std::stoi(line.clickhouse().value("SELECT uniqExact(number) " + portions)), 2);
  EXPECT_EQ(line.clickhouse().value("SELECT countIf(b.commit_lsn >= commit_lsn) " + portions), "0");
}

// Without a new reading it would stop at the same change again.
TEST(Standing, EndsWhereTheTableIsReadAgainInPlaceOfTheChangeItStoppedAt) {
  Mirrored line(
      "CREATE TABLE prices (id bigint PRIMARY KEY, v numeric(14,2), n bigint);"
      "CREATE TABLE fine (id bigint PRIMARY KEY, v text, n bigint);"
      "INSERT INTO prices SELECT i, i, i FROM generate_series(1, 100) i");
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  line.line().stop();
  halt_on_violation(line, "prices");
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  line.sql("INSERT INTO prices VALUES (101, 'NaN', 0)");
  ASSERT_TRUE(becomes(line, "public.prices", "stopped"));
  line.sql("UPDATE prices SET v = 1 WHERE id = 101; DELETE FROM prices WHERE id < 50");
  EXPECT_EQ(line.line().say({"snapshot", "prices"}).status, 0);
  ASSERT_TRUE(line.line().wait_until_loaded()) << line.line().status_text();
  EXPECT_EQ(stream_of(line, "public.prices").state, "running") << line.line().status_text();
  line.expect_equal("prices", "SELECT id, n FROM {} ORDER BY id");
  EXPECT_EQ(line.line().parity(), 0);
}

TEST(FullJournal, MakesCaptureWaitAndSaySo) {
  Mirrored line(
      "CREATE TABLE big (id bigint PRIMARY KEY, v bytea, n bigint); ALTER TABLE big ALTER v SET STORAGE "
      "EXTERNAL",
      kSmallJournal);
  line.line().start("capture", "");
  const auto fill = [&](int from) {
    line.sql(
        fmt::format("INSERT INTO big SELECT i, (SELECT string_agg(sha512((i || ',' || g)::bytea), '') FROM "
                    "generate_series(1, 125) g), 0 FROM generate_series({}, {}) i",
                    from, from + 999));
  };
  for (int part = 0; part < 12; ++part) fill(1 + 1'000 * part);
  const auto capture = [&] {
    const app::LineStatus status = app::line_status_from_json(line.line().status_json());
    for (const app::StageLine& stage : status.stages)
      if (stage.name == "capture") return stage.error;
    return std::string("no capture");
  };
  ASSERT_TRUE(eventually([&] { return capture().find("the journal is full") != std::string::npos; },
                         std::chrono::seconds(60)))
      << line.line().status_text();
  // It waits, it doesn't end; and the source keeps what isn't in the journal.
  EXPECT_TRUE(line.line().running());
  EXPECT_EQ(
      line.sql("SELECT pg_current_wal_insert_lsn() - confirmed_flush_lsn > 8000000 FROM pg_replication_slots "
               "WHERE database = current_database() AND active")
          .text(0, 0),
      "t");
  line.line().start("load", "");
  line.expect_equal("big", "SELECT id, n FROM {} ORDER BY id");
  EXPECT_TRUE(eventually([&] { return capture().empty(); })) << capture();
  EXPECT_EQ(line.line().parity(), 0);
}

}  // namespace
}  // namespace freshet::test
