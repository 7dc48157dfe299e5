// Kills, restarts and changes of the table in the middle of a snapshot.
#include <gmock/gmock.h>

#include "adapter/postgres/barrier.h"
#include "snapshot/player.h"

namespace freshet::capture {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class SnapshotResume : public testing::Test {
 protected:
  SnapshotResume() : SnapshotResume(test::shared_postgres_url()) {}
  explicit SnapshotResume(const std::string& server) : database(server), player(database) {
    player.options.chunk_bytes = 50'000;
  }

  void create(const std::string& table, int rows) {
    database.sql("CREATE TABLE " + table +
                 " AS SELECT i AS id, repeat('x', 100) AS t FROM generate_series(1, " + std::to_string(rows) +
                 ") i; ALTER TABLE " + table + " ADD PRIMARY KEY (id)");
  }
  void expect_whole(const std::string& stream) {
    const PlayedStream& played = player.streams[stream];
    ASSERT_TRUE(played.schema) << stream;
    EXPECT_EQ(difference(database, *played.schema, played.rows), "") << stream;
  }
  // Of what the table has now. What it had may be there, too.
  void expect_none_missing(const std::string& stream) {
    const PlayedStream& played = player.streams[stream];
    EXPECT_THAT(difference(database, *played.schema, played.rows), testing::Not(HasSubstr("missing")));
  }
  bool take_chunks(int count) {
    return player.take_until([&, until = taken() + count] { return taken() >= until; });
  }
  int taken() {
    int sum = 0;
    for (const auto& [name, stream] : player.streams) sum += stream.chunks;
    return sum;
  }

  test::TestDatabase database;
  Player player;
};

TEST_F(SnapshotResume, GoesOnAtTheNextChunkAfterAKillAtEveryChunk) {
  create("t", 50'000);
  create("s", 500);
  player.options.chunk_bytes = 10'000;
  player.start({all_of("t")});
  ASSERT_TRUE(take_chunks(1));
  const Lsn v = player.streams["public.t"].v;
  int lives = 1;
  while (player.streams["public.t"].ended == 0 || player.streams["public.s"].ended == 0) {
    player.forget_snapshotter();
    player.start({all_of("t"), all_of("s")});
    ASSERT_TRUE(take_chunks(1));
    ++lives;
  }
  expect_whole("public.t");
  expect_whole("public.s");
  EXPECT_EQ(player.streams["public.t"].begun, 1);
  EXPECT_EQ(player.streams["public.t"].v, v) << "the same V through all lives";
  EXPECT_GT(player.streams["public.s"].v, v) << "added later";
  EXPECT_EQ(player.streams["public.t"].flags, kSweep) << "the mirror may have had rows";
  EXPECT_GT(lives, 10);
  EXPECT_EQ(lives, taken()) << "no chunk was taken twice";
}

TEST_F(SnapshotResume, AfterAStopOnlyWhatWasKeptCounts) {
  create("t", 20'000);
  player.start({all_of("t")});
  ASSERT_TRUE(take_chunks(3));
  player.snapshotter().stop();
  player.snapshotter().begin({all_of("t")}, {});
  ASSERT_TRUE(player.take_all());
  EXPECT_EQ(player.streams["public.t"].begun, 2) << "the chunks taken before weren't kept";
  expect_whole("public.t");
}

TEST_F(SnapshotResume, DoesNotRepeatACompleteOneUnlessAsked) {
  create("t", 100);
  player.start({all_of("t")});
  ASSERT_TRUE(player.take_all());
  player.forget_snapshotter();
  player.start({all_of("t")});
  EXPECT_TRUE(player.snapshotter().status().complete());
  EXPECT_EQ(taken(), 1);
  const Lsn first = player.streams["public.t"].v;
  database.sql("DELETE FROM t WHERE id > 50");
  player.snapshotter().begin({all_of("t", SnapshotMode::again)}, player.kept);
  ASSERT_TRUE(player.take_all());
  EXPECT_EQ(player.streams["public.t"].begun, 2);
  EXPECT_EQ(player.streams["public.t"].flags, kSweep);
  EXPECT_GT(player.streams["public.t"].v, first);
  expect_whole("public.t");
}

TEST_F(SnapshotResume, StartsAgainWhenTheTableIsRewritten) {
  for (const std::string change : {"VACUUM FULL t", "ALTER TABLE t ALTER id TYPE bigint",
                                   "ALTER TABLE t RENAME t TO u", "ALTER TABLE t DROP COLUMN t", "TRUNCATE t",
                                   "DROP TABLE t; CREATE TABLE t AS SELECT 1::bigint AS id"}) {
    SCOPED_TRACE(change);
    database.sql("DROP TABLE IF EXISTS t");
    player.kept.clear();
    player.streams.clear();
    player.options.disk_bytes = 1;  // so that it can't be read before it is changed
    player.options.memory_bytes = 600'000;
    create("t", 40'000);
    player.start({all_of("t")});
    ASSERT_TRUE(take_chunks(3));
    const Lsn v = player.streams["public.t"].v;
    database.sql(change);
    ASSERT_TRUE(player.take_all());
    EXPECT_EQ(player.streams["public.t"].begun, 2);
    EXPECT_EQ(player.streams["public.t"].ended, 1);
    EXPECT_EQ(player.streams["public.t"].flags, kSweep) << "rows that are gone without a trace must go";
    EXPECT_GT(player.streams["public.t"].v, v);
    EXPECT_EQ(player.status_of("public.t").restarts, 1u);
    expect_whole("public.t");
  }
}

TEST_F(SnapshotResume, StartsAgainWhenTheTableIsPublishedAnew) {
  create("t", 40'000);
  database.sql("CREATE PUBLICATION pub FOR TABLE t");
  player.options.publication = "pub";
  player.options.disk_bytes = 1;
  player.options.memory_bytes = 600'000;
  player.start({all_of("t")});
  ASSERT_TRUE(take_chunks(2));
  database.sql("ALTER PUBLICATION pub DROP TABLE t");
  database.sql("UPDATE t SET t = 'not in the stream' WHERE id = 1");
  database.sql("ALTER PUBLICATION pub ADD TABLE t");
  const Lsn published = postgres::insert_lsn(database.connection());
  ASSERT_TRUE(player.take_all());
  EXPECT_EQ(player.streams["public.t"].begun, 2);
  EXPECT_GE(player.streams["public.t"].v, published);
  expect_whole("public.t");
}

TEST_F(SnapshotResume, TakesItsVAfterTheTableWasPublishedForGood) {
  create("t", 10);
  database.sql("CREATE PUBLICATION pub FOR TABLE t");
  player.options.publication = "pub";
  postgres::Connection writer({.url = database.url(), .purpose = "a long job"});
  writer.run("BEGIN; SELECT pg_current_xact_id()");
  player.start({all_of("t")});
  ASSERT_TRUE(player.take_until([&] { return !player.status_of("public.t").blocker.empty(); }));
  database.sql("ALTER PUBLICATION pub DROP TABLE t; ALTER PUBLICATION pub ADD TABLE t");
  const Lsn published = postgres::insert_lsn(database.connection());
  writer.run("COMMIT");
  ASSERT_TRUE(player.take_all());
  EXPECT_GE(player.streams["public.t"].v, published);
}

// It would never end where they change again and again. What has come and what has gone is for the reading
// that follows.
TEST_F(SnapshotResume, GoesOnToItsEndWhenPartitionsChange) {
  for (const std::string change :
       {"CREATE TABLE p3 AS SELECT 40000 + i AS id, 'y' AS t FROM generate_series(0, 99) i;"
        "ALTER TABLE p ATTACH PARTITION p3 FOR VALUES FROM (40000) TO (50000)",
        "ALTER TABLE p DETACH PARTITION p2", "DROP TABLE p2", "ALTER TABLE p DETACH PARTITION p1",
        "DROP TABLE p1", "DROP TABLE p1, p2", "TRUNCATE p1", "TRUNCATE p1, p2", "VACUUM FULL p",
        "ALTER TABLE p1 RENAME TO p0; ALTER TABLE p2 RENAME TO p1; ALTER TABLE p0 RENAME TO p2"}) {
    SCOPED_TRACE(change);
    database.sql("DROP TABLE IF EXISTS p, p1, p2, p3");
    player.kept.clear();
    player.streams.clear();
    database.sql(
        "CREATE TABLE p (id int, t text) PARTITION BY RANGE (id);"
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (20000);"
        "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (20000) TO (40000);"
        "INSERT INTO p SELECT i, repeat('x', 100) FROM generate_series(0, 39999) i");
    player.options.disk_bytes = 1;
    player.options.memory_bytes = 600'000;
    player.start({all_of("p")});
    ASSERT_TRUE(take_chunks(2));
    const Lsn v = player.streams["public.p"].v;
    database.sql("DELETE FROM p WHERE id % 3 = 0");
    database.sql(change);
    EXPECT_TRUE(player.snapshotter().read_once_more("public.p"));
    EXPECT_TRUE(player.snapshotter().read_once_more("public.p")) << "still one";
    ASSERT_TRUE(player.take_until([&] { return player.streams["public.p"].ended == 1; }));
    EXPECT_EQ(player.streams["public.p"].begun, 1);
    EXPECT_EQ(player.streams["public.p"].v, v);
    EXPECT_EQ(player.status_of("public.p").restarts, 0u);
    if (change.find("ATTACH") == std::string::npos) expect_none_missing("public.p");
    ASSERT_TRUE(player.take_all());
    EXPECT_EQ(player.streams["public.p"].begun, 2);
    EXPECT_EQ(player.streams["public.p"].ended, 2);
    EXPECT_GT(player.streams["public.p"].v, v);
    EXPECT_EQ(player.streams["public.p"].flags, kSweep) << "rows of a partition that is gone must go";
    expect_whole("public.p");
  }
}

TEST_F(SnapshotResume, FollowsOnlyAReadingThatHasItsV) {
  create("t", 10);
  postgres::Connection writer({.url = database.url(), .purpose = "a long job"});
  writer.run("BEGIN; SELECT pg_current_xact_id()");
  player.start({all_of("t")});
  ASSERT_TRUE(player.take_until([&] { return !player.status_of("public.t").blocker.empty(); }));
  EXPECT_FALSE(player.snapshotter().read_once_more("public.u"));
  EXPECT_TRUE(player.snapshotter().read_once_more("public.t"));
  writer.run("COMMIT");
  ASSERT_TRUE(player.take_all());
  EXPECT_EQ(player.streams["public.t"].ended, 2);
  EXPECT_FALSE(player.snapshotter().read_once_more("public.t"));
}

TEST_F(SnapshotResume, StartsAgainWhenTheTableWasRewrittenWhileItWasDown) {
  create("t", 20'000);
  player.start({all_of("t")});
  ASSERT_TRUE(take_chunks(3));
  player.forget_snapshotter();
  database.sql("VACUUM FULL t");
  player.start({all_of("t")});
  ASSERT_TRUE(player.take_all());
  EXPECT_EQ(player.streams["public.t"].begun, 2);
  EXPECT_EQ(player.streams["public.t"].flags, kSweep);
  expect_whole("public.t");
}

TEST_F(SnapshotResume, StartsAgainWhenTheProgressCannotBeRead) {
  create("t", 100);
  player.kept["public.t"] = "nonsense";
  player.start({all_of("t")});
  ASSERT_TRUE(player.take_all());
  EXPECT_EQ(player.streams["public.t"].flags, kSweep);
  expect_whole("public.t");
}

TEST_F(SnapshotResume, ADroppedTableFailsAloneAndComesBack) {
  create("t", 40'000);
  create("s", 30'000);
  player.options.disk_bytes = 1;
  player.options.memory_bytes = 600'000;
  player.start({all_of("t"), all_of("s")});
  ASSERT_TRUE(take_chunks(1));
  database.sql("DROP TABLE t");
  // A chunk may meet it first, in the server's own words; the next look at the table names what is wrong.
  ASSERT_TRUE(player.take_until([&] {
    const auto status = player.status_of("public.t");
    return status.state == SnapshotState::failed &&
           status.error.find("there is no table public.t") != std::string::npos;
  }));
  ASSERT_TRUE(
      player.take_until([&] { return player.status_of("public.s").state == SnapshotState::complete; }));
  expect_whole("public.s");
  create("t", 10);
  ASSERT_TRUE(player.take_all());
  expect_whole("public.t");
}

TEST_F(SnapshotResume, RowLevelSecurityIsRefusedNotObeyed) {
  create("t", 100);
  database.sql("DROP ROLE IF EXISTS snapshot_reader");
  database.sql(
      "CREATE ROLE snapshot_reader LOGIN; GRANT SELECT ON t TO snapshot_reader;"
      "ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY low ON t USING (id < 10)");
  player.options.url = database.url();
  player.options.url.replace(player.options.url.find("postgres@"), 8, "snapshot_reader");
  player.start({all_of("t")});
  ASSERT_TRUE(player.take_until([&] { return player.status_of("public.t").state == SnapshotState::failed; }));
  EXPECT_THAT(player.status_of("public.t").error, HasSubstr("row-level security"));
  EXPECT_EQ(taken(), 0);
  database.sql("ALTER ROLE snapshot_reader BYPASSRLS");
  ASSERT_TRUE(player.take_all());
  expect_whole("public.t");
  player.forget_snapshotter();
  database.sql("DROP OWNED BY snapshot_reader; DROP ROLE snapshot_reader");
}

TEST(SnapshotRestart, OutlivesAServerThatCrashesAndOneThatIsCutOff) {
  test::PostgresServer server;
  test::TestDatabase database(server.url());
  Player player(database);
  player.options.chunk_bytes = 50'000;
  player.options.disk_bytes = 1;
  player.options.memory_bytes = 600'000;
  database.sql(
      "CREATE TABLE t AS SELECT i AS id, repeat('x', 100) AS t FROM generate_series(1, 40000) i; CHECKPOINT");
  player.start({all_of("t")});
  const auto chunks = [&](int count) {
    return player.take_until([&] { return player.streams["public.t"].chunks >= count; });
  };
  ASSERT_TRUE(chunks(2));
  database.sql(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'freshet snapshot'");
  ASSERT_TRUE(chunks(4));
  server.stop("immediate");
  EXPECT_TRUE(player.take_until([&] { return !player.snapshotter().status().connection_error.empty(); }));
  server.start();
  ASSERT_TRUE(player.take_all());
  EXPECT_EQ(player.streams["public.t"].begun, 1);
  test::TestDatabase after(server.url());
  postgres::Connection again({.url = database.url(), .purpose = "freshet test"});
  EXPECT_EQ(player.streams["public.t"].rows.size(), 40'000u);
  player.forget_snapshotter();
}

}  // namespace
}  // namespace freshet::capture
