// freshet doctor finds what is wrong before it goes wrong, names what mends it, and writes nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "doctor_report.h"
#include "support/files.h"

namespace freshet::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(Doctor, HasNothingToSayOfASoundProjectAndWritesNothing) {
  PostgresServer server;  // without other tests' transactions
  TestDatabase database(server.url());
  const Installation line(database, "CREATE TABLE item (id bigint PRIMARY KEY, name text)");
  const Ended first = doctor(line);
  EXPECT_EQ(first.status, 0) << first.output;
  EXPECT_FALSE(std::filesystem::exists(line.data()));
  EXPECT_EQ(database.sql("SELECT 1 FROM pg_publication").rows(), 0);

  const auto up = line.start();
  line.endpoints(*up);
  ASSERT_TRUE(line.wait_until_loaded()) << line.output();
  const Ended running = doctor(line);
  EXPECT_EQ(running.status, 0) << running.output;
  EXPECT_THAT(running.output, HasSubstr("those that are there are what the contracts ask for"));
  // Without its name: the one that runs there.
  EXPECT_EQ(freshet({"doctor", "--data", line.data()}).status, 0);
}

TEST(Doctor, NamesWhatIsWrongWithTablesAndTheirMending) {
  TestDatabase database;
  const Installation line(database,
                          "CREATE TABLE lost (id bigint PRIMARY KEY, v text);"
                          "CREATE TABLE retyped (id bigint PRIMARY KEY, v int);"
                          "CREATE TABLE wider (id bigint PRIMARY KEY, v text);"
                          "CREATE TABLE parent (id bigint PRIMARY KEY);"
                          "CREATE TABLE parts (id bigint PRIMARY KEY, r int4range)");
  database.sql(
      "ALTER TABLE lost DROP CONSTRAINT lost_pkey; ALTER TABLE retyped ALTER v TYPE text;"
      "ALTER TABLE wider ADD more int; CREATE TABLE child (v text) INHERITS (parent);"
      "CREATE TABLE unknown (id bigint PRIMARY KEY); CREATE TABLE keyless (v text);"
      "CREATE PUBLICATION freshet FOR TABLE lost, retyped, wider, parent, parts, unknown, keyless");
  const Ended found = doctor(line, {"--json"});
  EXPECT_EQ(found.status, 1) << found.output;
  EXPECT_EQ(mend_of(found.output, "public.lost has no primary key"),
            "ALTER TABLE \"public\".\"lost\" ADD PRIMARY KEY (\"id\")");
  EXPECT_THAT(mend_of(found.output, "public.retyped.v was integer and is text"),
              HasSubstr("contracts/retyped.yaml"));
  EXPECT_THAT(mend_of(found.output, "public.wider.more (integer) is new"), HasSubstr("contracts/wider.yaml"));
  EXPECT_THAT(mend_of(found.output, "public.child inherits from it and has no contract"),
              HasSubstr("contract for public.child"));
  EXPECT_THAT(mend_of(found.output, "is published, and has no contract"),
              HasSubstr("DROP TABLE ONLY \"public\".\"unknown\""));
  EXPECT_EQ(mend_of(found.output, "every UPDATE and DELETE of it fails at the source"),
            "ALTER PUBLICATION \"freshet\" DROP TABLE ONLY \"public\".\"child\"");
  EXPECT_THAT(found.output, HasSubstr("parts.r is int4range"));
}

TEST(Doctor, NamesTheCheckAndAStatementThatRuns) {
  TestDatabase database;
  const Installation line(database, "CREATE TABLE item (id bigint PRIMARY KEY)");
  database.sql(
      "CREATE TABLE parted (id bigint PRIMARY KEY) PARTITION BY RANGE (id);"
      "CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (9);"
      "DROP PUBLICATION IF EXISTS freshet; CREATE PUBLICATION freshet FOR TABLE item, parted");
  const Ended found = doctor(line);
  EXPECT_THAT(found.output, HasSubstr("publication of public.parted_1: is published"));
  const std::string drop = R"(ALTER PUBLICATION "freshet" DROP TABLE ONLY "public"."parted")";
  EXPECT_THAT(found.output, HasSubstr(drop + "\n"));
  database.sql(drop);
  EXPECT_THAT(doctor(line).output, Not(HasSubstr("parted")));
}

TEST(Doctor, NamesWhoHoldsASnapshotUp) {
  PostgresServer server;  // without other tests' transactions
  TestDatabase database(server.url());
  const Installation line(database, "CREATE TABLE item (id bigint PRIMARY KEY)");
  postgres::Connection open({.url = database.url(), .purpose = "forgotten"});
  open.run("BEGIN; INSERT INTO item VALUES (1)");
  const std::string pid(open.query("SELECT pg_backend_pid()").text(0, 0));
  database.sql("BEGIN; INSERT INTO item VALUES (2); PREPARE TRANSACTION 'held " + database.name() + "'");
  Ended found;
  EXPECT_TRUE(eventually([&] {
    found = doctor(line);
    return found.output.find("pg_terminate_backend(" + pid + ")") != std::string::npos;
  })) << found.output;
  EXPECT_EQ(found.status, 1);
  const std::string mending = "ROLLBACK PREPARED 'held " + database.name() + "'";
  EXPECT_THAT(found.output, AllOf(HasSubstr("forgotten"), HasSubstr(mending)));
  open.run("ROLLBACK");
  database.sql(mending);
  EXPECT_EQ(doctor(line).status, 0);
}

TEST(Doctor, NamesTheStatementForAMirrorThatDiffersFromItsContract) {
  TestDatabase database;
  const Installation line(database, "CREATE TABLE item (id bigint PRIMARY KEY, v numeric(10,2))");
  const auto up = line.start();
  const app::EndpointLine endpoints = line.endpoints(*up);
  ASSERT_TRUE(line.wait_until_loaded()) << line.output();
  edit_file(line.project() + "/contracts/item.yaml", "numeric(10,2)", "numeric(20,4)");
  const Ended found = doctor(line, {"--json"});
  EXPECT_EQ(found.status, 1);
  EXPECT_EQ(mend_of(found.output, "isn't what the contract asks for"),
            "ALTER TABLE `raw`.`item` MODIFY COLUMN `v` Nullable(Decimal(20, 4))");
  EXPECT_THAT(mend_of(found.output, "public.item.v was numeric(20,4) and is numeric(10,2)"),
              HasSubstr("contracts/item.yaml"));
}

TEST(Doctor, SaysThatASlotIsGone) {
  TestDatabase database;
  const Installation line(database, "CREATE TABLE item (id bigint PRIMARY KEY)");
  {
    const auto up = line.start();
    line.endpoints(*up);
    ASSERT_TRUE(line.wait_until_loaded()) << line.output();
  }
  database.sql("SELECT pg_drop_replication_slot('" + database.name() + "')");
  const Ended found = doctor(line);
  EXPECT_EQ(found.status, 1);
  EXPECT_THAT(found.output,
              AllOf(HasSubstr("is gone"), HasSubstr("--accept-source"), HasSubstr("another-source.md")));
}

TEST(Doctor, SaysThatItCouldNotLook) {
  TestDatabase database;
  const Installation line(database, "CREATE TABLE item (id bigint PRIMARY KEY)");
  edit_file(line.project() + "/pipeline.yaml", database.url(), "postgres://me@127.0.0.1:1/shop");
  const Ended found = doctor(line);
  EXPECT_EQ(found.status, 3) << found.output;
  EXPECT_THAT(found.output, AllOf(HasSubstr("couldn't be looked at"), HasSubstr("127.0.0.1:1/shop")));
}

TEST(Contract, IsCheckedWithoutADatabase) {
  TestDatabase database;
  const Installation line(database,
                          "CREATE TABLE item (id bigint PRIMARY KEY, v text);"
                          "CREATE TABLE other (id bigint PRIMARY KEY, n numeric(8,2))");
  edit_file(line.project() + "/pipeline.yaml", database.url(), "postgres://me@127.0.0.1:1/shop");
  EXPECT_EQ(freshet({"contract", "check", line.project()}).status, 0);
  edit_file(line.project() + "/contracts/item.yaml", "name: v", "name: _version");
  const Ended found = freshet({"contract", "check", line.project()});
  EXPECT_EQ(found.status, 1);
  EXPECT_THAT(found.output, AllOf(HasSubstr("item.yaml:"), HasSubstr("_version")));
  edit_file(line.project() + "/contracts/other.yaml", "primaryKey: true", "primaryKey: maybe");
  edit_file(line.project() + "/pipeline.yaml", "source:", "sauce: 1\nsource:");
  EXPECT_THAT(freshet({"contract", "check", line.project()}).output,
              AllOf(HasSubstr("item.yaml:"), HasSubstr("other.yaml:"), HasSubstr("pipeline.yaml:"),
                    HasSubstr("3 files with errors")));
}

TEST(Contract, IsComparedWithTheSource) {
  TestDatabase database;
  const Installation line(database,
                          "CREATE TABLE item (id bigint PRIMARY KEY, v text);"
                          "CREATE TABLE other (id bigint PRIMARY KEY)");
  EXPECT_EQ(freshet({"contract", "diff", line.project()}).status, 0);
  database.sql("ALTER TABLE item DROP v");
  const Ended found = freshet({"contract", "diff", line.project()});
  EXPECT_EQ(found.status, 1);
  EXPECT_THAT(found.output, AllOf(HasSubstr("public.item.v is gone"), HasSubstr("wait, in order"),
                                  HasSubstr("contracts/item.yaml"), Not(HasSubstr("other."))));
  EXPECT_EQ(freshet({"contract", "diff", line.project(), "public.other"}).status, 0);
  EXPECT_EQ(freshet({"contract", "diff", line.project(), "other"}).status, 0);
  EXPECT_EQ(freshet({"contract", "diff", line.project(), "item"}).status, 1);
  EXPECT_EQ(freshet({"contract", "diff", line.project(), "public.nowhere"}).status, 3);
  database.sql("DROP TABLE item; DROP TABLE other; CREATE VIEW other AS SELECT 1 AS id");
  const Ended gone = freshet({"contract", "diff", line.project()});
  EXPECT_EQ(gone.status, 1);
  EXPECT_THAT(gone.output, AllOf(HasSubstr("public.item isn't at the source"),
                                 HasSubstr("freshet stream remove public.item"),
                                 HasSubstr("public.other is no table"), HasSubstr("2 differences")));
}

}  // namespace
}  // namespace freshet::test
