// Another source takes the place of the one that was mirrored: refused, then accepted by name, and the
// mirrors end as it is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

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

class AnotherSource : public testing::Test {
 protected:
  // The database as it is now, under its name in the other cluster.
  void restore_dump() {
    const std::string name = line.database().name();
    postgres::Connection({.url = other.url(), .purpose = "freshet test"}).run("CREATE DATABASE " + name);
    const std::string command = postgres_program("pg_dump") + " '" + line.database().url() + "' | " +
                                postgres_program("psql") + " -q -v ON_ERROR_STOP=1 '" + other.url(name) +
                                "' >/dev/null";
    ASSERT_EQ(std::system(command.c_str()), 0);
    line.line().set_source(other.url(name));
  }
  postgres::Connection there() {
    return postgres::Connection({.url = other.url(line.database().name()), .purpose = "freshet test"});
  }
  void there(const std::string& statements) { there().run(statements); }
  static std::int64_t written(postgres::Connection&& server) { return written(server); }
  static std::int64_t written(postgres::Connection& server) {
    return server.query("SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint").integer(0, 0);
  }
  std::string refused() {
    line.line().start();
    std::string said;  // capture has failed; the process stays, to say so
    EXPECT_TRUE(eventually(
        [&] {
          said = line.line().status_text();
          return !position_in(said).empty();
        },
        std::chrono::seconds(60)))
        << line.line().log_tail();
    EXPECT_THAT(said, HasSubstr("the source is another cluster"));
    line.line().stop();
    return position_in(said);
  }

  Mirrored line{kSchema};
  PostgresServer other;
};

// Its WAL is shorter than what was journalled: without a raised epoch all of it would be older. Killed at
// each step, it is taken once; and from the slot's making on the next start needs no telling.
TEST_F(AnotherSource, RestoredFromADumpIsRefusedThenAcceptedAndReadToParity) {
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  line.sql("UPDATE t SET v = (SELECT string_agg(md5(id::text || i), '') FROM generate_series(1, 100) i)");
  restore_dump();
  line.sql("INSERT INTO t VALUES (5000, 'after the dump', 1); TRUNCATE emptied");
  ASSERT_TRUE(line.caught_up());
  ASSERT_EQ(line.line().stop(), 0);
  there(
      "DELETE FROM t WHERE id <= 100; UPDATE t SET v = 'restored' WHERE id > 900;"
      "INSERT INTO t VALUES (6000, 'only here', 1)");
  ASSERT_LT(written(there()), written(line.database().connection()));

  line.line().tell_up({"--accept-source", refused()});
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
