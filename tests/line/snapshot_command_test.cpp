// freshet snapshot: a table read again while all others stream on.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/line_status_json.h"
#include "line/mirrored.h"

namespace freshet::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr const char* kTables =
    "CREATE TABLE parted (id bigint, v text, n bigint, PRIMARY KEY (id, n)) PARTITION BY LIST (n);"
    "CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);"
    "CREATE TABLE parted_2 PARTITION OF parted FOR VALUES IN (2);"
    "CREATE TABLE fine (id bigint PRIMARY KEY, v text, n bigint);"
    "INSERT INTO parted SELECT i, 'old', i % 2 + 1 FROM generate_series(1, 300) i;"
    "INSERT INTO fine SELECT i, 'old', i FROM generate_series(1, 100) i;";

app::StreamLine stream_of(Mirrored& mirrored, const std::string& name) {
  const app::LineStatus status = app::line_status_from_json(mirrored.line().status_json());
  for (const app::StreamLine& stream : status.streams)
    if (stream.name == name) return stream;
  throw std::runtime_error("no stream " + name);
}

bool becomes(Mirrored& mirrored, const std::string& name, const std::string& state) {
  return eventually(
      [&] {
        try {
          return stream_of(mirrored, name).state == state;
        } catch (const Error&) {
          return false;
        }
      },
      120s);
}

// "" while nothing answers.
std::string state_of_snapshot(Mirrored& mirrored, const std::string& name) try {
  const app::StreamLine stream = stream_of(mirrored, name);
  return stream.snapshot ? stream.snapshot->state : "";
} catch (const Error&) {
  return "";
}

// What holds a snapshot's barrier up until it ends.
class OlderTransaction {
 public:
  explicit OlderTransaction(Mirrored& line)
      : connection_({.url = line.database().url(), .purpose = "freshet test"}) {
    connection_.run("BEGIN; SELECT pg_current_xact_id()");
  }
  void end() { connection_.run("COMMIT"); }

 private:
  postgres::Connection connection_;
};

TEST(SnapshotCommand, ReadsOneTableAgainAndTakesAwayWhatTheSourceHasNot) {
  Mirrored line(kTables);
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  line.clickhouse().execute("INSERT INTO raw.parted (id, v, n, _version) VALUES (1000, 'nowhere', 1, 1)");
  EXPECT_EQ(line.line().say({"snapshot", "public.parted"}).status, 0);
  ASSERT_TRUE(line.line().wait_until_loaded()) << line.line().status_text();
  line.expect_equal("parted");
  EXPECT_EQ(line.line().parity(), 0);
}

// However long it takes: it can't end while the older transaction is open, and the others' rows arrive.
TEST(SnapshotCommand, StopsNoOtherTableMeanwhile) {
  Mirrored line(kTables);
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  OlderTransaction older(line);
  const Line::Said said = line.line().say({"snapshot", "parted", "fine"});
  EXPECT_EQ(said.status, 0) << said.output;
  EXPECT_THAT(said.output, HasSubstr("public.parted is read again"));
  EXPECT_THAT(said.output, HasSubstr("public.fine is read again"));
  for (int i = 1; i <= 5; ++i) {
    line.sql(fmt::format("INSERT INTO fine VALUES ({0}, 'new', {0}); INSERT INTO parted VALUES ({0}, 'n', 1)",
                         1'000 + i));
    line.expect_equal("fine");
    line.expect_equal("parted");
    EXPECT_NE(state_of_snapshot(line, "public.parted"), "complete");
  }
  EXPECT_THAT(stream_of(line, "public.parted").snapshot->note, HasSubstr("waits for pid"));
  older.end();
  ASSERT_TRUE(line.line().wait_until_loaded()) << line.line().status_text();
  line.expect_equal("fine");
  line.expect_equal("parted");
}

TEST(SnapshotCommand, IsRememberedByAProcessThatWasKilled) {
  Mirrored line(kTables);
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  line.clickhouse().execute("INSERT INTO raw.parted (id, v, n, _version) VALUES (1000, 'nowhere', 1, 1)");
  OlderTransaction older(line);
  ASSERT_EQ(line.line().say({"snapshot", "public.parted"}).status, 0);
  line.line().kill();
  line.line().start();
  ASSERT_TRUE(eventually([&] { return state_of_snapshot(line, "public.parted") == "waiting"; }, 120s))
      << line.line().log_tail();
  EXPECT_EQ(state_of_snapshot(line, "public.fine"), "complete");
  older.end();
  ASSERT_TRUE(line.line().wait_until_loaded()) << line.line().status_text();
  line.expect_equal("parted");
  // Once: the next start doesn't read it again.
  const std::string v = stream_of(line, "public.parted").snapshot->v;
  line.line().stop();
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  EXPECT_EQ(stream_of(line, "public.parted").snapshot->v, v);
}

// A whole partition that was emptied without a trace is much of the mirror.
TEST(SnapshotCommand, AsksBeforeItTakesMuchOfAMirrorAway) {
  Mirrored line(
      "CREATE TABLE parted (id bigint, v text, n bigint, PRIMARY KEY (id, n)) PARTITION BY LIST (n);"
      "CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);"
      "CREATE TABLE parted_2 PARTITION OF parted FOR VALUES IN (2);"
      "INSERT INTO parted SELECT i, 'old', i % 2 + 1 FROM generate_series(1, 3000) i;");
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  EXPECT_EQ(line.line().say({"sweep", "list"}).status, 0);
  EXPECT_THAT(line.line().say({"sweep", "allow", "parted"}).output, HasSubstr("has no sweep that asks"));
  line.sql("TRUNCATE parted_1");
  ASSERT_EQ(line.line().say({"snapshot", "parted"}).status, 0);
  ASSERT_TRUE(becomes(line, "public.parted", "unswept")) << line.line().status_text();
  line.sql("INSERT INTO parted SELECT i, 'new', 1 FROM generate_series(5001, 5010) i");
  ASSERT_TRUE(line.caught_up());
  EXPECT_EQ(line.clickhouse().value("SELECT count() FROM src.parted"), "3010");
  const Line::Said parity = line.line().say({"parity", "--table", "public.parted"});
  EXPECT_EQ(parity.status, 1);
  EXPECT_THAT(parity.output, HasSubstr("1500 rows wait for a sweep"));
  EXPECT_THAT(line.line().say({"doctor"}).output, HasSubstr("freshet sweep allow public.parted"));

  line.line().kill();
  line.line().start();
  ASSERT_TRUE(becomes(line, "public.parted", "unswept")) << line.line().log_tail();
  const Line::Said listed = line.line().say({"sweep", "list"});
  EXPECT_EQ(listed.status, 1);
  EXPECT_THAT(listed.output, HasSubstr("didn't see 1500 of its mirror's 3000 rows"));
  EXPECT_EQ(line.line().say({"sweep", "refuse", "parted", "--because", " "}).status, 1);
  EXPECT_THAT(line.line().say({"sweep", "allow", "parted", "--rows", "1499"}).output,
              HasSubstr("1500 rows are asked about now, not 1499"));
  EXPECT_THAT(listed.output, HasSubstr("freshet sweep allow public.parted --rows 1500"));
  EXPECT_EQ(line.line().say({"sweep", "allow", "parted", "--rows", "1500"}).status, 0);
  EXPECT_TRUE(becomes(line, "public.parted", "running")) << line.line().status_text();
  line.expect_equal("parted");
  EXPECT_EQ(line.line().parity(), 0);
}

// VACUUM FULL moves rows that weren't read yet to where it has been read. The table is large enough for a
// slow reading to be in its midst, and made small when that is seen.
TEST(SnapshotCommand, BeginsAgainAfterAVacuumFullInItsMidst) {
  Mirrored line("CREATE TABLE moved (id bigint PRIMARY KEY, v text, n bigint)",
                "intervals: {heartbeat: 200ms, canary: 1s}\n"
                "limits: {snapshot_chunk: 64KiB, snapshot_rows_per_second: 2000}\n");
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  line.sql("INSERT INTO moved SELECT i, repeat('x', 100), i FROM generate_series(1, 60000) i");
  line.sql("DELETE FROM moved WHERE id % 6 = 0");
  ASSERT_TRUE(line.caught_up()) << line.line().log_tail();
  ASSERT_EQ(line.line().say({"snapshot", "moved"}).status, 0);
  app::SnapshotLine reading;
  ASSERT_TRUE(eventually(
      [&] {
        reading = stream_of(line, "public.moved").snapshot.value();
        return reading.state == "reading" && reading.rows > 0;
      },
      120s))
      << line.line().status_text();
  line.sql("VACUUM FULL moved");
  ASSERT_TRUE(eventually(
      [&] {
        const std::string v = stream_of(line, "public.moved").snapshot.value().v;
        return !v.empty() && v != reading.v;
      },
      120s))
      << line.line().status_text();
  line.sql("DELETE FROM moved WHERE id % 100 <> 0");
  ASSERT_TRUE(line.line().wait_until_loaded()) << line.line().status_text();
  line.expect_equal("moved");
  EXPECT_EQ(line.line().parity(), 0);
}

TEST(SnapshotCommand, IsRefusedForWhatIsNotOfTheProject) {
  Mirrored line(kTables);
  EXPECT_THAT(line.line().say({"snapshot", "public.parted"}).output, HasSubstr("nothing runs on"));
  line.line().start("capture", "");
  line.line().start("load", "");
  ASSERT_TRUE(line.line().wait_until_loaded()) << line.line().log_tail();
  const Line::Said said = line.line().say({"snapshot", "public.fine", "public.other"});
  EXPECT_EQ(said.status, 1);
  EXPECT_THAT(said.output, HasSubstr("public.other isn't a table of the project"));
  EXPECT_EQ(state_of_snapshot(line, "public.fine"), "complete") << "all of them or none";
  // Where the roles run apart, capture is asked.
  EXPECT_EQ(line.line().say({"snapshot", "public.fine"}).status, 0);
}

}  // namespace
}  // namespace freshet::test
