// Another source takes the place of the one that was mirrored: refused, then accepted by name, and the
// mirrors end as it is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "change/lsn.h"
#include "line/mirrored.h"

namespace freshet::test {
namespace {

using testing::HasSubstr;

constexpr const char* kSchema =
    "CREATE TABLE t (id bigint PRIMARY KEY, v text, n bigint);"
    "CREATE TABLE emptied (id bigint PRIMARY KEY, v text, n bigint);"
    "INSERT INTO t SELECT i, 'first', i FROM generate_series(1, 1000) i;"
    "INSERT INTO emptied SELECT i, 'first', i FROM generate_series(1, 100) i;";

std::string position_in(const std::string& output) {
  static const std::string option = "--accept-source ";
  const std::size_t at = output.find(option);
  return at == std::string::npos ? "" : output.substr(at + option.size(), 8);
}

void run_at(const std::string& url, const std::string& statements) {
  postgres::Connection({.url = url, .purpose = "freshet test"}).run(statements);
}

// How far a server has written.
Lsn written(const std::string& url) {
  postgres::Connection server({.url = url, .purpose = "freshet test"});
  return parse_lsn(server.query("SELECT pg_current_wal_insert_lsn()").text(0, 0));
}

// The position that the status offers to give up, beside that reason. The line has stopped then.
std::string refused(Mirrored& line, const std::string& because) {
  line.line().start();
  std::string said;  // capture has failed; the process stays, to say so
  EXPECT_TRUE(eventually(
      [&] {
        said = line.line().status_text();
        return !position_in(said).empty();
      },
      std::chrono::seconds(60)))
      << line.line().log_tail();
  EXPECT_THAT(said, HasSubstr(because));
  line.line().stop();
  return position_in(said);
}

// The way out that the error names; every version from now on is above all before. `url`: the source.
void accept(Mirrored& line, const std::string& position, const std::string& url, int epoch) {
  line.line().tell_up({"--accept-source", position});
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  EXPECT_EQ(line.line().parity(), 0);
  run_at(url,
         "UPDATE t SET v = 'streamed', n = n + 1 WHERE id < 300; DELETE FROM t WHERE id = 300; TRUNCATE "
         "emptied");
  EXPECT_EQ(line.line().parity(), 0);
  EXPECT_EQ(line.clickhouse().value("SELECT toUInt8(max(bitShiftRight(_version, 120))) FROM raw.t"),
            std::to_string(epoch));
  EXPECT_EQ(line.line().stop(), 0);
  line.line().tell_up({});
}

class AnotherSource : public testing::Test {
 protected:
  // It streams, and has what is there.
  void begin(Mirrored& line) {
    ASSERT_TRUE(line.start()) << line.line().log_tail();
    line.sql("UPDATE t SET v = 'before' WHERE id <= 10");
    ASSERT_TRUE(line.caught_up()) << line.line().log_tail();
    ASSERT_EQ(line.line().stop(), 0);
  }
};

TEST_F(AnotherSource, WhoseSlotWasDroppedAndMadeAgainIsReadToParity) {
  Mirrored line(kSchema);
  ASSERT_NO_FATAL_FAILURE(begin(line));
  const std::string slot = slot_for(line.database().url());
  line.sql("SELECT pg_drop_replication_slot('" + slot + "')");
  line.sql("DELETE FROM t WHERE id > 900; INSERT INTO t VALUES (5000, 'never in a slot', 1)");
  accept(line, refused(line, "is gone"), line.database().url(), 1);

  line.sql("SELECT pg_drop_replication_slot('" + slot + "')");
  line.sql("DELETE FROM t WHERE id > 800; INSERT INTO t VALUES (5000, 'never in a slot', 1)");
  line.sql("SELECT pg_create_logical_replication_slot('" + slot + "', 'pgoutput')");
  accept(line, refused(line, "it was made again"), line.database().url(), 2);
}

// Of the same server: the slot is the old one's, and in the way of its own.
TEST_F(AnotherSource, ThatIsAnotherDatabaseBehindTheAddressIsReadToParity) {
  Mirrored line(kSchema);
  ASSERT_NO_FATAL_FAILURE(begin(line));
  TestDatabase other;
  other.sql(std::string(kSchema) + "CREATE PUBLICATION freshet FOR TABLE t, emptied");
  other.sql("DELETE FROM t WHERE id > 950; UPDATE t SET v = 'of the other' WHERE id > 500");
  line.line().set_source(other.url());
  const std::string position = refused(line, "the source is database");
  line.line().tell_up({"--accept-source", position});
  line.line().start();
  EXPECT_TRUE(eventually([&] { return line.line().status_text().find("is in the way") != std::string::npos; },
                         std::chrono::seconds(60)))
      << line.line().log_tail();
  line.line().stop();
  line.sql("SELECT pg_drop_replication_slot('" + slot_for(line.database().url()) + "')");
  accept(line, position, other.url(), 1);
}

// A copy of its volume, which has all that names it, takes its place; then its standby.
TEST_F(AnotherSource, RestoredFromAVolumeAndThenFollowedByAStandbyIsReadToParity) {
  PostgresServer server;
  Mirrored line(kSchema, kQuick, server.url());
  ASSERT_NO_FATAL_FAILURE(begin(line));
  const std::string name = line.database().name();
  const auto copy = [](const std::string& from, const std::string& to) {
    ASSERT_EQ(std::system(("rm -rf " + to + " && cp -a " + from + " " + to).c_str()), 0);
  };
  server.stop();
  copy(server.data(), server.data() + ".saved");
  server.start();
  line.line().start();
  run_at(server.url(name), "INSERT INTO t SELECT i, 'after the copy', i FROM generate_series(2001, 2100) i");
  EXPECT_TRUE(eventually([&] { return line.clickhouse().value("SELECT count() FROM src.t") == "1100"; },
                         std::chrono::seconds(60)))
      << line.line().log_tail();
  ASSERT_EQ(line.line().stop(), 0);
  const Lsn before = written(server.url());
  server.stop();
  copy(server.data() + ".saved", server.data());
  server.start();
  refused(line, "an older state was restored");
  while (written(server.url()) <= before)
    run_at(server.url(name), "UPDATE t SET v = repeat('another history', 10)");
  accept(line, refused(line, "isn't the one we left"), server.url(name), 1);

  PostgresServer standby = PostgresServer::standby_of(server);
  run_at(server.url(name), "UPDATE t SET v = 'on both' WHERE id > 900");
  line.line().start();
  ASSERT_TRUE(line.line().wait_until_loaded()) << line.line().log_tail();
  EXPECT_EQ(line.line().parity(), 0);
  line.line().stop();
  standby.promote(written(server.url()));
  server.stop();
  run_at(standby.url(name), "DELETE FROM t WHERE id > 990; INSERT INTO t VALUES (6000, 'only here', 1)");
  line.line().set_source(standby.url(name));
  accept(line, refused(line, "it was promoted or restored"), standby.url(name), 2);
  server.start();  // to be rid of its database
}

class RestoredDump : public AnotherSource {
 protected:
  // The database as it is now, under its name in the other cluster.
  void restore_dump() {
    const std::string name = line.database().name();
    run_at(other.url(), "CREATE DATABASE " + name);
    const std::string command = postgres_program("pg_dump") + " '" + line.database().url() + "' | " +
                                postgres_program("psql") + " -q -v ON_ERROR_STOP=1 '" + other.url(name) +
                                "' >/dev/null";
    ASSERT_EQ(std::system(command.c_str()), 0);
    line.line().set_source(other.url(name));
  }
  void there(const std::string& statements) { run_at(other.url(line.database().name()), statements); }

  Mirrored line{kSchema};
  PostgresServer other;
};

// Its WAL is shorter than what was journalled: without a raised epoch all of it would be older. Killed at
// each step, it is taken once; and from the slot's making on the next start needs no telling.
TEST_F(RestoredDump, IsRefusedThenAcceptedAndReadToParity) {
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  line.sql("UPDATE t SET v = (SELECT string_agg(md5(id::text || i), '') FROM generate_series(1, 100) i)");
  restore_dump();
  line.sql("INSERT INTO t VALUES (5000, 'after the dump', 1); TRUNCATE emptied");
  ASSERT_TRUE(line.caught_up());
  ASSERT_EQ(line.line().stop(), 0);
  there(
      "DELETE FROM t WHERE id <= 100; UPDATE t SET v = 'restored' WHERE id > 900;"
      "INSERT INTO t VALUES (6000, 'only here', 1)");
  ASSERT_LT(written(other.url()), written(line.database().url()));

  line.line().tell_up({"--accept-source", refused(line, "the source is another cluster")});
  for (const std::string point : {"slot_dropped:1", "slot_made:1"}) {
    line.line().start(point);
    ASSERT_TRUE(eventually([&] { return !line.line().running(); }, std::chrono::seconds(60)))
        << line.line().log_tail();
    EXPECT_TRUE(line.line().was_killed("up")) << point;
    line.line().kill();
  }
  line.line().tell_up({});
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  EXPECT_EQ(line.line().parity(), 0);
  EXPECT_EQ(line.clickhouse().value("SELECT count() FROM src.t"), "901");

  there("DELETE FROM t WHERE id = 6000; UPDATE t SET v = 'streamed' WHERE id < 300; TRUNCATE emptied");
  EXPECT_EQ(line.line().parity(), 0);
}

}  // namespace
}  // namespace freshet::test
