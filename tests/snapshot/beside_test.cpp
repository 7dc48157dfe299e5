// A snapshot beside others: transactions it must wait for, limits it must keep, tables outside of the stream.
#include <gmock/gmock.h>

#include <set>

#include "capture/snapshot_throttle.h"
#include "change/tuple.h"
#include "snapshot/player.h"
#include "support/slow_link.h"

namespace freshet::capture {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class SnapshotBeside : public testing::Test {
 protected:
  void create(const std::string& table, int rows) {
    database.sql("CREATE TABLE " + table +
                 " AS SELECT i AS id, repeat('x', 100) AS t FROM generate_series(1, " + std::to_string(rows) +
                 ") i; ALTER TABLE " + table + " ADD PRIMARY KEY (id)");
  }
  postgres::Connection connect(const std::string& purpose) {
    return postgres::Connection({.url = database.url(), .purpose = purpose});
  }

  test::TestDatabase database;
  Player player{database};
};

TEST_F(SnapshotBeside, WaitsForOlderTransactionsAndNamesThem) {
  create("t", 10);
  postgres::Connection writer = connect("a long job");
  writer.run("BEGIN; INSERT INTO t VALUES (11, 'late')");
  player.options.barrier_deadline = 100ms;
  player.start({all_of("t")});
  // On a shared server somebody else's older transaction may be named first.
  EXPECT_TRUE(player.take_until([&] {
    const auto status = player.status_of("public.t");
    return status.state == SnapshotState::blocked &&
           status.blocker.find("a long job, idle in transaction") != std::string::npos;
  }));
  EXPECT_FALSE(player.take_one());
  writer.run("COMMIT");
  ASSERT_TRUE(player.take_all());
  EXPECT_EQ(player.streams["public.t"].rows.size(), 11u);
}

TEST_F(SnapshotBeside, WaitsForPreparedTransactions) {
  create("t", 10);
  database.sql("BEGIN; INSERT INTO t VALUES (11, 'late'); PREPARE TRANSACTION 'held ''up'''");
  player.start({all_of("t")});
  EXPECT_TRUE(player.take_until([&] {
    return player.status_of("public.t").blocker.find("prepared transaction 'held ''up'''") !=
           std::string::npos;
  }));
  database.sql("COMMIT PREPARED 'held ''up'''");
  ASSERT_TRUE(player.take_all());
  EXPECT_EQ(player.streams["public.t"].rows.size(), 11u);
}

TEST_F(SnapshotBeside, HoldsNoSnapshotLongerThanAChunk) {
  create("t", 100'000);
  player.options.chunk_bytes = 50'000;
  player.options.bytes_per_second = 3'000'000;
  player.start({all_of("t")});
  std::set<std::string> seen;
  ASSERT_TRUE(player.take_until([&] {
    const postgres::Result held = database.sql(
        "SELECT pid || ' ' || xact_start FROM pg_stat_activity WHERE application_name = 'freshet snapshot' "
        "AND "
        "datname = current_database() AND xact_start < clock_timestamp() - interval '1 second'");
    for (int row = 0; row < held.rows(); ++row) seen.emplace(held.text(row, 0));
    return player.snapshotter().status().complete();
  }));
  EXPECT_THAT(seen, testing::IsEmpty());
  EXPECT_EQ(player.streams["public.t"].rows.size(), 100'000u);
}

// The link is slow to the probe alone: what keeps the reader from the next chunk is its own pause.
TEST_F(SnapshotBeside, ReadsLessWhileTheSourceAnswersSlowlyAndNoLonger) {
  constexpr auto kHeld = 200ms;
  create("t", 60'000);
  test::SlowLink link(test::port_of(database.url()), std::string("SELECT 1\0", 9));
  player.options.url = test::through(link, database.url());
  player.options.workers = 1;
  player.options.chunk_bytes = 100'000;
  // Read slowly enough that the source becomes slow in the middle of it.
  player.options.rows_per_second = 20'000;
  player.start({all_of("t")});
  ASSERT_TRUE(player.take_until([&] { return player.streams["public.t"].chunks >= 10; }));
  EXPECT_FALSE(player.snapshotter().status().slowed);
  const auto begun = std::chrono::steady_clock::now();
  link.hold_answers_for(kHeld);
  ASSERT_TRUE(player.take_until([&] { return link.held() >= 5; }));
  EXPECT_GE(std::chrono::steady_clock::now() - begun, 4 * kHeld + 15 * Throttle::kFirstPause)
      << "a pause after each of four, twice as long each time";
  EXPECT_TRUE(player.snapshotter().status().slowed);
  EXPECT_FALSE(player.snapshotter().status().complete());
  link.hold_answers_for(0ms);
  ASSERT_TRUE(player.take_until([&] { return !player.snapshotter().status().slowed; }));
  ASSERT_TRUE(player.take_all());
  EXPECT_EQ(player.streams["public.t"].rows.size(), 60'000u);
}

TEST_F(SnapshotBeside, KeepsItsRateAndUsesNoMoreConnectionsThanGiven) {
  create("t", 20'000);
  player.options.rows_per_second = 8'000;
  player.options.workers = 3;
  const auto begun = std::chrono::steady_clock::now();
  player.start({all_of("t")});
  std::int64_t connections = 0;
  ASSERT_TRUE(player.take_until([&] {
    connections =
        std::max(connections, database
                                  .sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = "
                                       "'freshet snapshot' AND datname = current_database()")
                                  .integer(0, 0));
    return player.snapshotter().status().complete();
  }));
  const auto took = std::chrono::steady_clock::now() - begun;
  EXPECT_GT(took, 600ms) << "20,000 rows at 8,000 a second, the last chunks not waited for";
  EXPECT_LE(connections, 3);
  EXPECT_EQ(player.streams["public.t"].rows.size(), 20'000u);
}

std::int64_t int_field(const std::string& tuple) {
  const Field field = TupleReader(tuple).next();
  return field.bytes.size() == 8 ? load_be<std::int64_t>(field.bytes.data())
                                 : load_be<std::int32_t>(field.bytes.data());
}

TEST_F(SnapshotBeside, ReadsKeysAndSaysWhichAreGone) {
  database.sql(
      "CREATE TYPE mood AS ENUM ('good', 'bad'); CREATE SCHEMA \"S 1\";"
      "CREATE TABLE k (id int, m mood, at timestamptz, c char(4), extra text, PRIMARY KEY (id, m, at, c));"
      "INSERT INTO k VALUES (1, 'good', '2026-01-01', 'a', 'one'), (2, 'bad', '2026-01-02', 'b''', 'two'), "
      "(3, 'bad', 'infinity', '', '3')");
  player.start({});
  player.snapshotter().read_keys({.schema = "public",
                                  .table = "k",
                                  .columns = {"id", "m", "at", "c"},
                                  .keys = {{"1", "good", "2026-01-01 00:00:00+00", "a   "},
                                           {"2", "bad", "2026-01-02 00:00:00+00", "b'"},
                                           {"3", "good", "infinity", ""},
                                           {"7", "bad", "2026-01-02 00:00:00+00", "x"}},
                                  .v = std::nullopt});
  ASSERT_TRUE(player.take_until([&] { return player.streams.contains("public.k"); }));
  const PlayedStream& played = player.streams["public.k"];
  EXPECT_EQ(played.begun, 0);
  EXPECT_EQ(played.ended, 0);
  EXPECT_GT(played.v, Lsn(0));
  ASSERT_EQ(played.rows.size(), 2u);
  ASSERT_EQ(played.gone.size(), 2u);
  EXPECT_EQ(int_field(played.gone[0]) + int_field(played.gone[1]), 10);
  TupleReader gone(played.gone[1]);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(gone.next().form, Form::binary);
  EXPECT_EQ(gone.next().form, Form::null);
  EXPECT_TRUE(gone.at_end());
  EXPECT_TRUE(player.kept.empty());
}

TEST_F(SnapshotBeside, ReadsKeysOfAPartitionedTableAtTheSnapshotsOwnV) {
  database.sql(
      "CREATE TABLE p (id bigint PRIMARY KEY, t text) PARTITION BY RANGE (id);"
      "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100); CREATE TABLE p2 PARTITION OF p FOR "
      "VALUES FROM (100) TO (200);"
      "INSERT INTO p VALUES (1, 'a'), (150, 'b')");
  player.start({});
  player.snapshotter().read_keys({.schema = "public",
                                  .table = "p",
                                  .columns = {"id"},
                                  .keys = {{"1"}, {"150"}, {"5000"}},
                                  .v = Lsn(42)});
  ASSERT_TRUE(player.take_until([&] { return player.streams.contains("public.p"); }));
  EXPECT_EQ(player.streams["public.p"].rows.size(), 2u);
  EXPECT_EQ(player.streams["public.p"].gone.size(), 1u);
  EXPECT_EQ(player.streams["public.p"].v, Lsn(42));
  EXPECT_THROW(player.snapshotter().read_keys(
                   {.schema = "public", .table = "p", .columns = {"id"}, .keys = {}, .v = {}}),
               Error);
}

KeyRequest keys_of_t(std::vector<std::vector<std::string>> keys) {
  return {.schema = "public", .table = "t", .columns = {"id"}, .keys = std::move(keys), .v = std::nullopt};
}

TEST_F(SnapshotBeside, ReadsKeysThatAreAskedForAgainOnce) {
  create("t", 10);
  postgres::Connection writer = connect("a long job");
  writer.run("BEGIN; SELECT pg_current_xact_id()");
  player.start({});
  player.snapshotter().read_keys(keys_of_t({{"2"}, {"1"}}));
  player.snapshotter().read_keys(keys_of_t({{"1"}, {"2"}}));
  player.snapshotter().read_keys(keys_of_t({{"3"}, {"2"}, {"1"}}));
  writer.run("COMMIT");
  const auto rows = [&] { return player.streams["public.t"].rows.size(); };
  EXPECT_TRUE(player.take_until([&] { return rows() >= 3; }));
  EXPECT_EQ(player.streams["public.t"].chunks, 2);
  EXPECT_EQ(rows(), 3u);
  player.snapshotter().read_keys(keys_of_t({{"1"}}));
  EXPECT_TRUE(player.take_until([&] { return rows() == 4; })) << "what was taken may be asked for anew";
}

TEST_F(SnapshotBeside, HoldsNoMoreKeyRequestsOfATableThanItsLimit) {
  create("t", 100);
  create("s", 1);
  postgres::Connection writer = connect("a long job");
  writer.run("BEGIN; SELECT pg_current_xact_id()");
  player.start({});
  for (std::size_t id = 1; id <= kKeyRequestsPerTable + 5; ++id)
    player.snapshotter().read_keys(keys_of_t({{std::to_string(id)}}));
  KeyRequest neighbour = keys_of_t({{"1"}});
  neighbour.table = "s";
  player.snapshotter().read_keys(neighbour);
  writer.run("COMMIT");
  EXPECT_TRUE(player.take_until([&] { return player.streams["public.s"].rows.size() == 1; }));
  const auto rows = [&] { return player.streams["public.t"].rows.size(); };
  EXPECT_TRUE(player.take_until([&] { return rows() >= kKeyRequestsPerTable; }));
  player.snapshotter().read_keys(keys_of_t({{"100"}}));
  EXPECT_TRUE(player.take_until(
      [&] { return rows() > 0 && int_field(player.streams["public.t"].rows.back()) == 100; }));
  EXPECT_EQ(rows(), kKeyRequestsPerTable + 1);
}

TEST_F(SnapshotBeside, ReadsPeriodicTablesAgainAndAgain) {
  create("rates", 1'000);
  TableRequest rates = all_of("rates", SnapshotMode::periodic);
  rates.columns = {"id"};
  rates.interval = 1s;
  player.start({rates});
  ASSERT_TRUE(player.take_until([&] { return player.streams["public.rates"].ended == 1; }));
  const Lsn first = player.streams["public.rates"].v;
  EXPECT_EQ(player.streams["public.rates"].rows.size(), 1'000u);
  database.sql("DELETE FROM rates WHERE id > 10");
  ASSERT_TRUE(player.take_until([&] { return player.streams["public.rates"].ended == 2; }));
  const PlayedStream& played = player.streams["public.rates"];
  EXPECT_GT(played.v, first);
  EXPECT_EQ(played.begun, 2);
  EXPECT_EQ(played.flags, kPeriodic | kSweep);
  EXPECT_EQ(played.schema->columns.size(), 1u);
  EXPECT_EQ(played.rows.size(), 10u);
  EXPECT_TRUE(player.snapshotter().status().complete()) << "a periodic table keeps nobody waiting";
}

TEST_F(SnapshotBeside, ReadsAPeriodicTableAtOnceWhenAsked) {
  create("rates", 10);
  TableRequest rates = all_of("rates", SnapshotMode::periodic);
  rates.interval = 1h;
  player.start({rates});
  ASSERT_TRUE(player.take_until([&] { return player.streams["public.rates"].ended == 1; }));
  player.snapshotter().begin({rates}, {});
  EXPECT_TRUE(player.take_until([&] { return player.streams["public.rates"].ended == 2; }));
}

}  // namespace
}  // namespace freshet::capture
