// Wrong set-ups: one clear error with the statement that mends it, before anything is written.
#include <gtest/gtest.h>

#include "line.h"

namespace freshet::capture::test {
namespace {

using testing::Test;

class Setup : public Test {
 protected:
  // Capture of `table` ends with an error, and leaves no slot behind.
  Error refused(const std::string& table = "t") {
    Line line(database);
    line.options.make_publication = make_publication;
    line.options.url = url.empty() ? database.url() : url;
    if (mirrored.empty()) {
      line.start({table});
    } else {
      line.options.tables = {{"public", table, {}, {}, mirrored}};
      line.start({});
    }
    const Error error = line.wait_for_failure();
    EXPECT_EQ(database.connection()
                  .query("SELECT 1 FROM pg_replication_slots WHERE slot_name = $1", {"s_" + database.name()})
                  .rows(),
              0);
    line.view().read();
    EXPECT_TRUE(line.view().records("public." + table).empty());
    return error;
  }

  std::string url_as(const std::string& role) const {
    std::string as = database.url();
    return as.replace(as.find("postgres@"), 8, role);
  }

  TestDatabase database;
  bool make_publication = true;
  std::string url;
  std::vector<std::string> mirrored;  // of the table; none: all of its columns
};

TEST_F(Setup, ATableThatIsMissing) {
  const Error error = refused("nowhere");
  EXPECT_EQ(error.kind(), ErrorKind::config);
  EXPECT_NE(error.message().find("there is no table public.nowhere"), std::string::npos) << error.message();
}

TEST_F(Setup, ATableWithoutAKey) {
  database.sql("CREATE TABLE t (id int)");
  const Error error = refused();
  EXPECT_EQ(error.kind(), ErrorKind::config);
  EXPECT_EQ(error.hint(), "ALTER TABLE \"public\".\"t\" ADD PRIMARY KEY (…)");
}

TEST_F(Setup, ATableWhoseIdentityIsNothing) {
  database.sql("CREATE TABLE t (id int PRIMARY KEY); ALTER TABLE t REPLICA IDENTITY NOTHING");
  EXPECT_EQ(refused().hint(), "ALTER TABLE \"public\".\"t\" REPLICA IDENTITY DEFAULT");
}

TEST_F(Setup, ADeferrableKey) {
  database.sql("CREATE TABLE t (id int PRIMARY KEY DEFERRABLE)");
  EXPECT_NE(refused().message().find("deferrable"), std::string::npos);
}

TEST_F(Setup, APublicationThatIsMissing) {
  database.sql("CREATE TABLE t (id int PRIMARY KEY)");
  make_publication = false;
  const Error error = refused();
  EXPECT_EQ(
      error.hint(),
      "CREATE PUBLICATION \"p\" FOR TABLE ONLY \"public\".\"t\" WITH (publish_via_partition_root = true)");
  database.sql(error.hint());
  Line line(database);
  line.start({"t"});
  line.caught_up();
}

TEST_F(Setup, APublicationWithoutTheTable) {
  database.sql(
      "CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE u (id int PRIMARY KEY);"
      "CREATE PUBLICATION p FOR TABLE u");
  EXPECT_EQ(refused().hint(), "ALTER PUBLICATION \"p\" ADD TABLE ONLY \"public\".\"t\"");
}

// What the mirror leaves out is kept out of the stream by whoever does as he is told.
TEST_F(Setup, APublicationThatLacksATableOfWhichAColumnIsLeftOut) {
  database.sql(
      "CREATE TABLE t (id int PRIMARY KEY, n int, secret text, twice int GENERATED ALWAYS AS (n * 2) STORED);"
      "CREATE TABLE u (id int PRIMARY KEY); CREATE PUBLICATION p FOR TABLE u");
  mirrored = {"n", "id", "twice"};
  const std::string entry = "ONLY \"public\".\"t\" (\"id\", \"n\")";
  EXPECT_EQ(refused().hint(), "ALTER PUBLICATION \"p\" ADD TABLE " + entry);
  database.sql("DROP PUBLICATION p");
  make_publication = false;
  EXPECT_EQ(refused().hint(),
            "CREATE PUBLICATION \"p\" FOR TABLE " + entry + " WITH (publish_via_partition_root = true)");
  database.sql("CREATE PUBLICATION p FOR TABLE t (id, n) WHERE (n > 5)");
  const std::string mending = refused().hint();
  const std::string statements =
      "ALTER PUBLICATION \"p\" DROP TABLE ONLY \"public\".\"t\"; ALTER PUBLICATION \"p\" ADD TABLE " + entry;
  ASSERT_TRUE(mending.ends_with(statements)) << mending;
  database.sql(statements);
  EXPECT_EQ(database.sql("SELECT attnames FROM pg_publication_tables").text(0, 0), "{id,n}");
}

TEST_F(Setup, APublicationThatLeavesOutDeletes) {
  database.sql(
      "CREATE TABLE t (id int PRIMARY KEY); CREATE PUBLICATION p FOR TABLE t WITH (publish = 'insert')");
  const std::string mending = refused().hint();
  EXPECT_EQ(mending, "ALTER PUBLICATION \"p\" SET (publish = 'insert, update, delete, truncate')");
  database.sql(mending);
}

TEST_F(Setup, APublicationOfPartitionsOneByOne) {
  database.sql(
      "CREATE TABLE t (id int PRIMARY KEY) PARTITION BY HASH (id);"
      "CREATE TABLE t_0 PARTITION OF t FOR VALUES WITH (MODULUS 1, REMAINDER 0);"
      "CREATE PUBLICATION p FOR TABLE t");
  EXPECT_EQ(refused().hint(), "ALTER PUBLICATION \"p\" SET (publish_via_partition_root = true)");
}

TEST_F(Setup, APublicationThatFiltersRows) {
  database.sql("CREATE TABLE t (id int PRIMARY KEY); CREATE PUBLICATION p FOR TABLE t WHERE (id > 5)");
  EXPECT_EQ(refused().kind(), ErrorKind::unsupported);
}

TEST_F(Setup, AStandby) {
  const PostgresServer primary;
  TestDatabase there(primary.url());
  there.sql("CREATE TABLE t (id int PRIMARY KEY)");
  const PostgresServer standby = PostgresServer::standby_of(primary);
  url = standby.url(there.name());
  const Error error = refused();
  EXPECT_NE(error.message().find("is a standby"), std::string::npos) << error.message();
  EXPECT_EQ(error.hint(), "name its primary in source.url");
}

// Whoever grants the table forgets its schema; the publication's columns can be asked for all the same.
TEST_F(Setup, ARoleThatMayNotUseTheSchema) {
  const std::string role = "r_" + database.name();
  database.sql("CREATE TABLE t (id int PRIMARY KEY); REVOKE ALL ON SCHEMA public FROM PUBLIC; CREATE ROLE " +
               role + " LOGIN REPLICATION; GRANT SELECT ON t TO " + role);
  url = url_as(role);
  mirrored = {"id"};
  const Error error = refused();
  EXPECT_EQ(error.kind(), ErrorKind::permission);
  EXPECT_EQ(error.hint(), "GRANT USAGE ON SCHEMA \"public\" TO \"" + role + "\"");
}

TEST_F(Setup, ARoleThatMayNot) {
  database.sql("CREATE TABLE t (id int PRIMARY KEY)");
  const std::string role = "r_" + database.name();
  database.sql("CREATE ROLE " + role + " LOGIN");
  url = url_as(role);
  Error error = refused();
  EXPECT_EQ(error.kind(), ErrorKind::permission);
  EXPECT_EQ(error.hint(), "ALTER ROLE \"" + role + "\" REPLICATION");
  database.sql(error.hint());

  // Row by row it would see only what a policy lets it.
  database.sql("ALTER TABLE t ENABLE ROW LEVEL SECURITY");
  database.sql("GRANT SELECT ON t TO " + role);
  error = refused();
  EXPECT_EQ(error.kind(), ErrorKind::permission);
  EXPECT_EQ(error.hint(), "ALTER ROLE \"" + role + "\" BYPASSRLS");
  database.sql(error.hint());
  database.sql("REVOKE SELECT ON t FROM " + role);

  error = refused();
  EXPECT_EQ(error.hint(), "GRANT SELECT ON \"public\".\"t\" TO \"" + role + "\"");
  database.sql(error.hint());

  error = refused();
  EXPECT_EQ(error.kind(), ErrorKind::permission);
  const std::string who = "let an owner of the tables run: ";
  ASSERT_TRUE(error.hint().starts_with(who)) << error.hint();
  database.sql(error.hint().substr(who.size()));

  {
    Line line(database);
    line.options.url = url;
    line.start({"t"});
    line.caught_up();
  }
  database.sql("DROP OWNED BY " + role);
  database.sql("DROP ROLE " + role);
}

TEST_F(Setup, ASlotThatBelongsToSomethingElse) {
  database.sql("CREATE TABLE t (id int PRIMARY KEY)");
  const std::string slot = "s_" + database.name();
  database.sql("SELECT pg_create_logical_replication_slot('" + slot + "', 'pgoutput')");
  Line line(database);
  line.start({"t"});
  const Error error = line.wait_for_failure();
  EXPECT_EQ(error.kind(), ErrorKind::config);
  EXPECT_NE(error.hint().find("pg_drop_replication_slot('" + slot + "')"), std::string::npos) << error.hint();
  EXPECT_EQ(database.sql("SELECT 1 FROM pg_publication").rows(), 0) << "nothing was written";
}

// Its children would be published, too, and without a key of their own refuse every UPDATE and DELETE.
TEST_F(Setup, ChildrenOfATableAreNotPublishedWithIt) {
  database.sql("CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE child (v text) INHERITS (t)");
  Line line(database);
  line.options.make_publication = true;
  line.start({"t"});
  line.caught_up();
  database.sql("INSERT INTO child VALUES (1, 'a'); UPDATE child SET v = 'b'; DELETE FROM child");
}

TEST_F(Setup, AnUnloggedTable) {
  database.sql("CREATE UNLOGGED TABLE t (id int PRIMARY KEY)");
  EXPECT_EQ(refused().hint(), "ALTER TABLE \"public\".\"t\" SET LOGGED");
}

TEST_F(Setup, AnUnloggedPartition) {
  database.sql(
      "CREATE TABLE t (id int PRIMARY KEY) PARTITION BY LIST (id); CREATE TABLE u PARTITION OF t DEFAULT "
      "PARTITION BY LIST (id); CREATE UNLOGGED TABLE v PARTITION OF u DEFAULT");
  EXPECT_EQ(refused().hint(), "ALTER TABLE \"public\".\"v\" SET LOGGED");
}

TEST_F(Setup, AView) {
  database.sql("CREATE VIEW t AS SELECT 1 AS id");
  EXPECT_NE(refused().message().find("public.t is a view"), std::string::npos);
}

// Every UPDATE of it fails at the source.
TEST_F(Setup, APublicationWithAColumnListOfAFullIdentity) {
  database.sql(
      "CREATE TABLE t (id int PRIMARY KEY, secret text); ALTER TABLE t REPLICA IDENTITY FULL;"
      "CREATE PUBLICATION p FOR TABLE t (id)");
  const std::string mending = refused().hint();
  EXPECT_EQ(mending, "ALTER TABLE \"public\".\"t\" REPLICA IDENTITY DEFAULT");
  database.sql("INSERT INTO t VALUES (1, 'a')");
  EXPECT_THROW(database.sql("UPDATE t SET secret = 'b'"), postgres::SqlError);
  database.sql(mending);
  database.sql("UPDATE t SET secret = 'b'");
}

// Slots belong to the whole server; nobody is told to drop somebody else's.
TEST_F(Setup, ASlotOfAnotherDatabase) {
  database.sql("CREATE TABLE t (id int PRIMARY KEY)");
  test::TestDatabase other;
  other.sql("SELECT pg_create_logical_replication_slot('s_" + database.name() + "', 'pgoutput')");
  Line line(database);
  line.start({"t"});
  const Error error = line.wait_for_failure();
  EXPECT_EQ(error.kind(), ErrorKind::config);
  EXPECT_NE(error.message().find("of database " + other.name()), std::string::npos) << error.message();
  EXPECT_EQ(error.hint(), "name another slot: source.slot in pipeline.yaml");
}

// Later it's the table alone that waits.
TEST_F(Setup, ATableThatIsDroppedLaterDoesNotStopTheOthers) {
  database.sql("CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE u (id int PRIMARY KEY)");
  Line line(database);
  line.start({"t", "u"});
  line.caught_up();
  database.sql("INSERT INTO t VALUES (1); INSERT INTO u VALUES (1); DROP TABLE u; INSERT INTO t VALUES (2)");
  line.caught_up();
  line.restart();
  database.sql("INSERT INTO t VALUES (3)");
  ASSERT_TRUE(freshet::test::eventually([&] {
    line.view().read();
    return line.view().rows("public.t").size() == 3;
  })) << line.status().error;
  EXPECT_EQ(line.view().rows("public.u").size(), 1u);
  const auto problems = line.status().problems;
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].stream, "public.u");
  EXPECT_NE(problems[0].error.find("there is no table public.u"), std::string::npos) << problems[0].error;
}

TEST(SetupOfTheServer, NamesWhatIsFullOrWrong) {
  PostgresServer server({"wal_level = replica", "max_replication_slots = 1", "max_wal_senders = 1"});
  const auto error_of = [&](bool slot_must_be_made = true) {
    postgres::Connection connection({.url = server.url(), .purpose = "check"});
    try {
      check_source(connection, {.publication = "p", .slot_must_be_made = slot_must_be_made, .tables = {}});
    } catch (const Error& error) {
      return error;
    }
    return Error(ErrorKind::cancelled, "no error");
  };
  EXPECT_NE(error_of().hint().find("ALTER SYSTEM SET wal_level = 'logical'"), std::string::npos);

  postgres::Connection({.url = server.url(), .purpose = "t"}).run("ALTER SYSTEM SET wal_level = 'logical'");
  server.stop();
  server.start();
  postgres::Connection admin({.url = server.url(), .purpose = "t"});
  admin.run("CREATE PUBLICATION p");
  EXPECT_EQ(error_of().message(), "no error");
  admin.run("SELECT pg_create_physical_replication_slot('x')");
  EXPECT_EQ(error_of().kind(), ErrorKind::capacity);
  EXPECT_NE(error_of().message().find("all 1 replication slots are taken"), std::string::npos);
  EXPECT_EQ(error_of(false).message(), "no error");
  const postgres::Replication walsender({.url = server.url(), .purpose = "busy"});
  EXPECT_NE(error_of(false).message().find("all 1 walsenders are busy"), std::string::npos);
}

}  // namespace
}  // namespace freshet::capture::test
