// A position in another history is refused, and nothing is confirmed.
#include <gtest/gtest.h>

#include <cstdlib>

#include "line.h"

namespace freshet::capture::test {
namespace {

using namespace std::chrono_literals;

// The position that the error lets us give up; "" where it names none.
std::string position_in(const Error& error) {
  static const std::string option = "--accept-source ";
  const std::size_t at = error.hint().find(option);
  return at == std::string::npos ? "" : error.hint().substr(at + option.size(), 8);
}

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
    EXPECT_NE(position_in(error), "") << error.hint();
    return error;
  }
  // As the hint says; the mirror is what the source is then, and every new version above every old one.
  void accepted(Line& line, const Error& error) {
    line.options.give_up_position = position_in(error);
    line.restart();
    line.caught_up();
    line.expect_equal("public.t", "id");
    EXPECT_EQ(line.view().records("public.t").back().version.epoch(), 1);
    line.restart();  // the same option once more
    database.sql("UPDATE t SET v = 'later' WHERE id < 10; DELETE FROM t WHERE id = 20");
    line.caught_up();
    line.expect_equal("public.t", "id");
    EXPECT_EQ(line.view().records("public.t").back().version.epoch(), 1) << "given up but once";
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
  database.sql("DELETE FROM t WHERE id <= 50; INSERT INTO t VALUES (200, 'lost')");
  const Error error = refused(line);
  EXPECT_TRUE(says(error, "is gone"));
  accepted(line, error);
}

TEST_F(Identity, ASlotThatWasMadeAgain) {
  run_for_a_while(line);
  database.sql("SELECT pg_drop_replication_slot('" + slot + "')");
  database.sql("INSERT INTO t VALUES (200, 'lost')");
  database.sql("SELECT pg_create_logical_replication_slot('" + slot + "', 'pgoutput')");
  const Lsn before = confirmed();
  const Error error = refused(line);
  EXPECT_TRUE(says(error, "it was made again"));
  EXPECT_EQ(confirmed(), before);
  accepted(line, error);
}

// The slot is gone with the old position; what is to be made has its name.
TEST_F(Identity, ASlotOfAnotherPluginThatHasTheNameIsNotOursToDrop) {
  run_for_a_while(line);
  database.sql("SELECT pg_drop_replication_slot('" + slot + "')");
  const Error error = refused(line);
  database.sql("SELECT pg_create_logical_replication_slot('" + slot + "', 'test_decoding')");
  line.options.give_up_position = position_in(error);
  line.restart();
  const Error in_the_way = line.wait_for_failure();
  EXPECT_EQ(in_the_way.kind(), ErrorKind::config);
  EXPECT_TRUE(says(in_the_way, "is in the way")) << in_the_way.what();
  database.sql("SELECT pg_drop_replication_slot('" + slot + "')");
  accepted(line, error);
}

TEST_F(Identity, ThePositionOfAnotherTimeGivesNothingUp) {
  run_for_a_while(line);
  database.sql("SELECT pg_drop_replication_slot('" + slot + "')");
  line.options.give_up_position = "0123abcd";
  EXPECT_TRUE(says(refused(line), "is gone"));
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

// What was committed in between can't be decoded, and stays in the slot's way.
TEST_F(Identity, APublicationDroppedAndMadeAgain) {
  run_for_a_while(line);
  const std::string& publication = line.options.publication;
  database.sql("DROP PUBLICATION " + publication);
  database.sql("INSERT INTO t VALUES (200, 'not published'); DELETE FROM t WHERE id < 10");
  database.sql("CREATE PUBLICATION " + publication + " FOR TABLE t");
  database.sql("INSERT INTO t VALUES (201, 'published')");
  const Error error = refused(line);
  EXPECT_TRUE(says(error, "was dropped")) << error.what();
  accepted(line, error);
}

// The slot belongs to the old one, so it is in the way.
TEST_F(Identity, AnotherDatabaseOfTheCluster) {
  run_for_a_while(line);
  TestDatabase other;
  other.sql("CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'of the other')");
  line.options.url = other.url();
  const Error error = refused(line);
  EXPECT_TRUE(says(error, "the source is database"));
  line.options.give_up_position = position_in(error);
  line.restart();
  const Error in_the_way = line.wait_for_failure();
  EXPECT_TRUE(says(in_the_way, "is in the way")) << in_the_way.what();
  database.sql("SELECT pg_drop_replication_slot('" + slot + "')");
  line.restart();
  other.sql("INSERT INTO t VALUES (2, 'of the other')");
  EXPECT_TRUE(eventually([&] {
    line.view().read();
    const Rows rows = line.view().rows("public.t");
    return rows.size() == 2 && rows.contains("2|");
  })) << line.view().rows("public.t").size();
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

  line.options.give_up_position = position_in(error);
  line.restart();
  sql("DELETE FROM t WHERE id <= 500");
  ASSERT_TRUE(eventually([&] {
    line.view().read();
    const Rows rows = line.view().rows("public.t");
    return rows.size() == 99'500 && rows.contains("501|") &&
           rows.at("501|").at("v").value_or("") == "another history";
  })) << line.view().rows("public.t").size();
}

// Its slot isn't there (before version 17 none is): what the old server's last moments held can't be read.
TEST(IdentityOfAStandby, ThatWasPromotedIsNoticedAndAcceptedByName) {
  PostgresServer primary;
  TestDatabase database(primary.url());
  database.sql("CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a'), (2, 'b')");
  Line line(database);
  line.start({"t"});
  line.caught_up();
  PostgresServer standby = PostgresServer::standby_of(primary);
  database.sql("INSERT INTO t VALUES (3, 'on both')");
  line.caught_up();
  ASSERT_TRUE(eventually([&] { return line.status().confirmed > Lsn(); }));
  ASSERT_EQ(line.stop(), "");
  // It is waited for until it is.
  line.options.url = standby.url(database.name());
  line.restart();
  ASSERT_TRUE(eventually([&] { return line.status().state == CaptureState::reconnecting; }));
  EXPECT_NE(line.status().error.find("is a standby"), std::string::npos) << line.status().error;
  EXPECT_EQ(line.status().hint, "name its primary in source.url");
  standby.promote(insert_lsn(database.connection()));
  postgres::Connection promoted({.url = standby.url(database.name()), .purpose = "freshet test"});
  promoted.run("DELETE FROM t WHERE id = 1; INSERT INTO t VALUES (4, 'after it')");

  const Error error = line.wait_for_failure();
  EXPECT_EQ(error.kind(), ErrorKind::identity) << error.what();
  EXPECT_NE(error.message().find("it was promoted or restored"), std::string::npos) << error.message();

  line.options.give_up_position = position_in(error);
  line.restart();
  const auto keys = [&] {
    std::string all;
    line.view().read();
    for (const auto& [key, row] : line.view().rows("public.t")) all += key;
    return all;
  };
  EXPECT_TRUE(eventually([&] { return keys() == "2|3|4|"; })) << keys();
  promoted.run("UPDATE t SET id = 5 WHERE id = 2");
  EXPECT_TRUE(eventually([&] { return keys() == "3|4|5|"; })) << keys();
  EXPECT_EQ(line.view().records("public.t").back().version.epoch(), 1);
  EXPECT_EQ(line.stop(), "");
}

}  // namespace
}  // namespace freshet::capture::test
