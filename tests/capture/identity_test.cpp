// A position in another history is refused, and nothing is confirmed.
#include <gtest/gtest.h>

#include <cstdlib>

#include "line.h"

namespace freshet::capture::test {
namespace {

using namespace std::chrono_literals;

class Identity : public testing::Test {
 protected:
  Identity() { database.sql("CREATE TABLE t (id int PRIMARY KEY, v text)"); }

  void run_for_a_while(Line& line) {
    line.start({"t"});
    database.sql("INSERT INTO t SELECT i, 'x' FROM generate_series(1, 100) i");
    line.caught_up();
    ASSERT_TRUE(eventually([&] { return line.status().confirmed > Lsn(); }));
    EXPECT_EQ(line.stop(), "");
    ASSERT_TRUE(eventually([&] { return !find_slot(database.connection(), slot)->active; }));
  }
  Error refused(Line& line) {
    line.restart();
    Error error = line.wait_for_failure();
    EXPECT_EQ(error.kind(), ErrorKind::identity) << error.what();
    EXPECT_NE(error.hint().find("start over"), std::string::npos) << error.hint();
    return error;
  }
  Lsn confirmed() { return find_slot(database.connection(), slot)->confirmed; }
  bool says(const Error& error, std::string_view what) {
    return error.message().find(what) != std::string::npos;
  }

  TestDatabase database;
  const std::string slot = "s_" + database.name();
  Line line{database};
};

TEST_F(Identity, AStopAndAStartRepeatNothing) {
  run_for_a_while(line);
  database.sql("INSERT INTO t VALUES (101, 'while away')");
  line.restart();
  line.caught_up();
  line.expect_equal("public.t", "id");
  int inserts = 0;
  for (const Record& record : line.view().records("public.t")) inserts += record.op == Op::insert;
  EXPECT_LE(inserts, 101);
}

TEST_F(Identity, OnlyHeartbeatsThatAreDurableAreConfirmed) {
  run_for_a_while(line);
  line.view().read();
  EXPECT_LE(confirmed(), line.view().watermark().commit_lsn);
  EXPECT_EQ(confirmed(), line.status().confirmed);
}

TEST_F(Identity, ASlotThatIsGone) {
  run_for_a_while(line);
  database.sql("SELECT pg_drop_replication_slot('" + slot + "')");
  EXPECT_TRUE(says(refused(line), "is gone"));
}

TEST_F(Identity, ASlotThatWasMadeAgain) {
  run_for_a_while(line);
  database.sql("SELECT pg_drop_replication_slot('" + slot + "')");
  database.sql("INSERT INTO t VALUES (200, 'lost')");
  database.sql("SELECT pg_create_logical_replication_slot('" + slot + "', 'pgoutput')");
  const Lsn before = confirmed();
  EXPECT_TRUE(says(refused(line), "it was made again"));
  EXPECT_EQ(confirmed(), before);
}

TEST_F(Identity, ASlotThatSomebodyElseReads) {
  run_for_a_while(line);
  database.sql("INSERT INTO t VALUES (200, 'lost')");
  database.sql("SELECT pg_replication_slot_advance('" + slot + "', pg_current_wal_insert_lsn())");
  EXPECT_TRUE(says(refused(line), "somebody else reads it"));
}

TEST_F(Identity, ASlotDroppedWhileWeRun) {
  line.start({"t"});
  line.caught_up();
  ASSERT_TRUE(eventually([&] {
    try {
      database.sql(
          "SELECT pg_terminate_backend(active_pid), pg_drop_replication_slot(slot_name) "
          "FROM pg_replication_slots WHERE slot_name = '" +
          slot + "'");
      return true;
    } catch (const Error&) {
      return false;  // capture was quicker
    }
  }));
  EXPECT_TRUE(says(line.wait_for_failure(), "is gone"));
}

TEST_F(Identity, AnotherDatabaseOfTheCluster) {
  run_for_a_while(line);
  TestDatabase other;
  other.sql("CREATE TABLE t (id int PRIMARY KEY, v text)");
  line.options.url = other.url();
  EXPECT_TRUE(says(refused(line), "the source is database"));
}

TEST_F(Identity, AnotherClusterBehindTheAddress) {
  run_for_a_while(line);
  PostgresServer server;
  postgres::Connection({.url = server.url(), .purpose = "t"})
      .run("CREATE TABLE t (id int PRIMARY KEY, v text)");
  line.options.url = server.url();
  EXPECT_TRUE(says(refused(line), "another cluster"));
}

// The same cluster, from a copy of its volume: identifiers, slot and all.
TEST(IdentityOfAVolume, ThatWasRestoredIsNoticedEvenWhenItsWalHasGrownBeyond) {
  PostgresServer server;
  const auto copy = [&](const std::string& from, const std::string& to) {
    ASSERT_EQ(std::system(("rm -rf " + to + " && cp -a " + from + " " + to).c_str()), 0);
  };
  const std::string saved = server.data() + ".saved";
  std::string url;
  const auto sql = [&](const std::string& statement) {
    postgres::Connection({.url = url, .purpose = "t"}).run(statement);
  };
  TestDatabase database(server.url());
  url = database.url();
  sql("CREATE TABLE t (id int PRIMARY KEY, v text)");
  Line line(database);
  line.start({"t"});
  line.caught_up();
  ASSERT_TRUE(eventually([&] { return line.status().confirmed > Lsn(); }));
  ASSERT_EQ(line.stop(), "");
  server.stop();
  copy(server.data(), saved);

  server.start();
  line.restart();
  sql("INSERT INTO t SELECT i, 'after the copy' FROM generate_series(1, 1000) i");
  ASSERT_TRUE(eventually([&] {
    line.view().read();
    return line.view().rows("public.t").size() == 1000;
  }));
  ASSERT_EQ(line.stop(), "");
  server.stop();
  copy(saved, server.data());
  server.start();

  line.restart();
  Error error = line.wait_for_failure();
  EXPECT_EQ(error.kind(), ErrorKind::identity);
  EXPECT_NE(error.message().find("an older state was restored"), std::string::npos) << error.message();

  sql("INSERT INTO t SELECT i, 'another history' FROM generate_series(1, 100000) i");
  const auto confirmed = [&] {
    postgres::Connection connection({.url = url, .purpose = "t"});
    return find_slot(connection, "s_" + database.name())->confirmed;
  };
  const Lsn before = confirmed();
  line.restart();
  error = line.wait_for_failure();
  EXPECT_EQ(error.kind(), ErrorKind::identity);
  EXPECT_NE(error.message().find("isn't the one we left"), std::string::npos) << error.message();
  EXPECT_EQ(confirmed(), before);
}

}  // namespace
}  // namespace freshet::capture::test
