// What is wrong with a set-up is said at once, clearly, with the step that mends it, and without a secret.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <regex>

#include "adapter/http/server.h"
#include "freshet_process.h"
#include "old_server.h"
#include "support/files.h"

namespace freshet::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

constexpr const char* kItem = "CREATE TABLE item (id bigint PRIMARY KEY, name text)";

void write(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
}

TEST(WrongSetup, NoProject) {
  const TempDir folder;
  const Ended up = freshet({"up", folder.path() + "/nowhere", "--data", folder.path() + "/data"});
  EXPECT_EQ(up.status, 1);
  EXPECT_THAT(up.output, AllOf(HasSubstr("pipeline.yaml"), HasSubstr("->")));
}

TEST(WrongSetup, AMisspeltKeyNamesFileAndLine) {
  TestDatabase database;
  const Installation line(database, kItem);
  write(line.project() + "/pipeline.yaml", "name: p\nsource:\n  url: postgres://x/y\n  slott: freshet\n");
  const Ended up = freshet({"up", line.project(), "--data", line.data()});
  EXPECT_EQ(up.status, 1);
  EXPECT_THAT(up.output, AllOf(HasSubstr("pipeline.yaml:4"), HasSubstr("slot")));
}

TEST(WrongSetup, AVariableThatIsNotSet) {
  TestDatabase database;
  const Installation line(database, kItem);
  write(line.project() + "/pipeline.yaml", "name: p\nsource:\n  url: ${FRESHET_NOT_SET}\n");
  const Ended up = freshet({"up", line.project(), "--data", line.data()});
  EXPECT_EQ(up.status, 1);
  EXPECT_THAT(up.output, HasSubstr("FRESHET_NOT_SET"));
}

TEST(WrongSetup, AServerWithoutLogicalDecoding) {
  PostgresServer server({"wal_level = replica"});
  TestDatabase database(server.url());
  const Installation line(database, kItem);
  const Ended up = freshet({"up", line.project(), "--data", line.data()});
  EXPECT_EQ(up.status, 1);
  EXPECT_THAT(up.output, HasSubstr("wal_level"));
}

// What `up` says, and leaves behind: neither DATA, nor a slot, nor a publication.
std::string refused(const Installation& line, postgres::Connection& source) {
  const Ended up = freshet({"up", line.project(), "--data", line.data()});
  EXPECT_EQ(up.status, 1) << up.output;
  EXPECT_FALSE(std::filesystem::exists(line.data())) << up.output;
  EXPECT_EQ(source.query("SELECT 1 FROM pg_replication_slots").rows(), 0);
  return up.output;
}

// The statement of its only next step.
std::string mending(const std::string& output) {
  const std::string arrow = "  -> ";
  const std::size_t at = output.find(arrow);
  EXPECT_NE(at, std::string::npos) << output;
  EXPECT_EQ(output.find(arrow, at + 1), std::string::npos) << "one clear error: " << output;
  const std::size_t begin = at + arrow.size();
  return output.substr(begin, output.find('\n', begin) - begin);
}

// Everything is wrong; what `up` names first is mended with just the statement that it prints, until it runs.
TEST(WrongSetup, EachMendingLeadsToTheNextUntilTheLineRuns) {
  PostgresServer server({"wal_level = replica", "max_connections = 8", "superuser_reserved_connections = 3",
                         "max_wal_senders = 2"});
  TestDatabase database(server.url());
  const Installation line(database,
                          "CREATE TABLE item (id bigint PRIMARY KEY, v text); CREATE TABLE gone (id bigint "
                          "PRIMARY KEY); INSERT INTO item VALUES (1, 'a')");
  postgres::Connection admin({.url = server.url(database.name()), .purpose = "admin"});
  admin.run(
      "ALTER TABLE item DROP CONSTRAINT item_pkey; DROP TABLE gone; CREATE ROLE reader LOGIN;"
      "CREATE TABLE another (id bigint PRIMARY KEY); CREATE PUBLICATION freshet FOR TABLE another");
  const std::string yaml = line.project() + "/pipeline.yaml";
  std::string as_reader = database.url();
  as_reader.replace(as_reader.find("postgres@"), 8, "reader");
  write(yaml, std::regex_replace(contents(yaml), std::regex("url: .*"), "url: \"" + as_reader + "\""));
  const auto restart = [&] {
    server.stop();
    server.start();
    admin = postgres::Connection({.url = server.url(database.name()), .purpose = "admin"});
  };

  std::string said = refused(line, admin);
  EXPECT_THAT(said, HasSubstr("wal_level"));
  const std::string restarted = "; then restart PostgreSQL";
  std::string step = mending(said);
  ASSERT_TRUE(step.ends_with(restarted)) << step;
  admin.run(step.substr(0, step.size() - restarted.size()));
  restart();

  said = refused(line, admin);
  EXPECT_THAT(said, HasSubstr("the role reader may not replicate"));
  admin.run(mending(said));

  said = refused(line, admin);
  EXPECT_THAT(said, HasSubstr("connections are left"));
  step = mending(said);
  admin.run(step.substr(0, step.find(", then restart")));
  restart();

  said = refused(line, admin);
  EXPECT_THAT(said,
              AllOf(HasSubstr("there is no table public.gone"), HasSubstr("and 2 more: freshet doctor")));
  std::filesystem::remove(line.project() + "/contracts/gone.yaml");

  said = refused(line, admin);
  EXPECT_THAT(said, HasSubstr("public.item has no primary key"));
  step = mending(said);
  admin.run(std::regex_replace(step, std::regex("…"), "id"));

  said = refused(line, admin);
  EXPECT_THAT(said, HasSubstr("may not read public.item"));
  admin.run(mending(said));

  said = refused(line, admin);
  EXPECT_THAT(said, HasSubstr("the publication \"freshet\" has no table public.item"));
  admin.run(mending(said));

  const auto up = line.start();
  line.endpoints(*up);
  EXPECT_TRUE(line.wait_until_loaded()) << line.output();
  const Ended parity = line.parity();
  EXPECT_EQ(parity.status, 0) << parity.output;
}

TEST(WrongSetup, AnOldServer) {
  const OldServer server("12.22");
  TestDatabase database;
  const Installation line(database, kItem);
  write(line.project() + "/pipeline.yaml", "name: p\nsource: {url: \"" + server.url() + "\"}\n");
  for (const char* command : {"up", "doctor"}) {
    const Ended ended = freshet({command, line.project(), "--data", line.data()});
    EXPECT_EQ(ended.status, 1) << ended.output;
    EXPECT_THAT(ended.output, AllOf(HasSubstr("is version 12"), HasSubstr("PostgreSQL 14 or newer")));
    EXPECT_FALSE(std::filesystem::exists(line.data()));
  }
  const Ended init = freshet({"init", line.folder() + "/another", "--source", server.url()});
  EXPECT_EQ(init.status, 1);
  EXPECT_THAT(init.output, HasSubstr("is version 12"));
}

// A role that can't create the publication is told so before the slot is made.
TEST(WrongSetup, ARoleThatOwnsNoTable) {
  TestDatabase database;
  const Installation line(database, kItem);
  const std::string role = "r_" + database.name();
  database.sql("CREATE ROLE " + role + " LOGIN REPLICATION; GRANT SELECT ON item TO " + role);
  std::string as_role = database.url();
  as_role.replace(as_role.find("postgres@"), 8, role);
  const std::string yaml = line.project() + "/pipeline.yaml";
  write(yaml, std::regex_replace(contents(yaml), std::regex("url: .*"), "url: \"" + as_role + "\""));
  const Ended up = freshet({"up", line.project(), "--data", line.data()});
  EXPECT_EQ(up.status, 1) << up.output;
  const std::string who = "let an owner of the tables run: ";
  const std::string step = mending(up.output);
  ASSERT_TRUE(step.starts_with(who)) << step;
  EXPECT_FALSE(std::filesystem::exists(line.data()));
  database.sql(step.substr(who.size()));
  const auto running = line.start();
  line.endpoints(*running);
  EXPECT_TRUE(line.wait_until_loaded()) << line.output();
  running->stop(SIGTERM, std::chrono::seconds(60));
  database.sql("DROP OWNED BY " + role);
  database.sql("DROP ROLE " + role);
}

// What init writes, up takes.
TEST(WrongSetup, NamesThatOthersHaveAreNotDrafted) {
  TestDatabase database;
  TestDatabase other;
  other.sql("SELECT pg_create_logical_replication_slot('freshet', 'pgoutput')");
  database.sql(std::string(kItem) + "; CREATE TABLE freshet__canary (id int PRIMARY KEY)");
  const TempDir folder;
  const std::string project = folder.path() + "/My Shop_1";
  const Ended init = freshet({"init", project, "--source", database.url()});
  ASSERT_EQ(init.status, 0) << init.output;
  EXPECT_THAT(
      init.output,
      HasSubstr("left out: public.freshet__canary: its name is that of Freshet's own table\n    rename"));
  EXPECT_THAT(contents(project + "/pipeline.yaml"),
              AllOf(HasSubstr("name: my-shop-1\n"), HasSubstr("slot: freshet_" + database.name() + "\n")));
}

TEST(WrongSetup, InitWritesNothingThatCheckRefuses) {
  TestDatabase database;
  database.sql(std::string(kItem) + "; CREATE SCHEMA shop");
  const TempDir folder;
  const std::string project = folder.path() + "/p";
  const Ended slot = freshet({"init", project, "--source", database.url(), "--slot", "Bad Slot"});
  EXPECT_EQ(slot.status, 1);
  EXPECT_THAT(slot.output, AllOf(HasSubstr("'Bad Slot'"), HasSubstr("lower-case")));
  const Ended schema = freshet({"init", project, "--source", database.url(), "--schema", "nope"});
  EXPECT_EQ(schema.status, 1);
  EXPECT_THAT(schema.output, AllOf(HasSubstr("no schema nope"), HasSubstr("public, shop")));
  EXPECT_FALSE(std::filesystem::exists(project));
}

TEST(WrongSetup, ADatabaseWithNothingToMirror) {
  TestDatabase database;
  database.sql("CREATE TABLE without_key (a int)");
  const TempDir folder;
  const Ended init = freshet({"init", folder.path() + "/project", "--source", database.url()});
  EXPECT_EQ(init.status, 1);
  EXPECT_THAT(init.output, AllOf(HasSubstr("without_key"), HasSubstr("primary key")));
}

// A listener of the test's own on the port that a project names.
class TakenPort {
 public:
  TakenPort() : server_({}, [](http::Exchange&) {}) {}
  std::string listen() const { return "127.0.0.1:" + std::to_string(server_.port()); }

 private:
  http::Server server_;
};

void listen_on(const Installation& line, const std::string& address) {
  const std::string path = line.project() + "/pipeline.yaml";
  write(path,
        std::regex_replace(contents(path), std::regex("http: .*"), "http: {listen: \"" + address + "\"}"));
}

TEST(WrongSetup, APortThatTheProjectNamesAndIsTaken) {
  TestDatabase database;
  const Installation line(database, kItem);
  const TakenPort taken;
  listen_on(line, taken.listen());
  const Ended up = freshet({"up", line.project(), "--data", line.data()});
  EXPECT_EQ(up.status, 1);
  EXPECT_THAT(up.output, AllOf(HasSubstr("http.listen"), HasSubstr(taken.listen()), HasSubstr("->")));
}

TEST(Setup, ListensOnAnAddressInBrackets) {
  TestDatabase database;
  const Installation line(database, kItem);
  listen_on(line, "[::ffff:7f00:1]:0");  // 127.0.0.1, there on a machine without IPv6, too
  const auto up = line.start();
  EXPECT_THAT(line.endpoints(*up).http, HasSubstr("http://[::ffff:7f00:1]:"));
}

TEST(WrongSetup, ANameCannotForgeALineOfInit) {
  TestDatabase database;
  database.sql("CREATE TABLE \"a\nwrote all\x1b[2J\" (a int)");
  const TempDir folder;
  const Ended init = freshet({"init", folder.path() + "/project", "--source", database.url()});
  EXPECT_THAT(init.output, AllOf(HasSubstr("a\uFFFDwrote all\uFFFD[2J"), Not(HasSubstr("\nwrote all")),
                                 Not(HasSubstr("\x1b"))));
}

TEST(WrongSetup, APasswordIsNeverShown) {
  const TempDir folder;
  const Ended init = freshet({"init", folder.path() + "/p", "--source", "postgres://me@127.0.0.1:1/shop"},
                             {"FRESHET_SOURCE_PASSWORD=hunter2"});
  EXPECT_EQ(init.status, 1);
  EXPECT_THAT(init.output, AllOf(HasSubstr("127.0.0.1:1/shop as me"), Not(HasSubstr("hunter2"))));
}

TEST(WrongSetup, APasswordOnTheCommandLineIsRefused) {
  const TempDir folder;
  const Ended init =
      freshet({"init", folder.path() + "/p", "--source", "postgres://me:hunter2@127.0.0.1:1/shop"});
  EXPECT_EQ(init.status, 1);
  EXPECT_THAT(init.output, AllOf(HasSubstr("FRESHET_SOURCE_PASSWORD"), Not(HasSubstr("hunter2"))));
}

TEST(WrongSetup, WithoutAnythingToDoItSaysWhatItCan) {
  const Ended nothing = freshet({});
  EXPECT_EQ(nothing.status, 64);
  EXPECT_THAT(nothing.output, AllOf(HasSubstr("freshet init"), HasSubstr("parity")));
  EXPECT_EQ(freshet({"up", "here", "--nonsense"}).status, 64);
}

// The process stays, to say so on its ports; whoever wants no picture is told once.
TEST(WrongSetup, WhatEndsForGoodIsSaidOnceAlsoQuietly) {
  TestDatabase database;
  const Installation line(database, kItem);
  {
    const auto up = line.start();
    line.endpoints(*up);
    ASSERT_TRUE(line.wait_until_loaded()) << line.output();
  }
  database.sql("SELECT pg_drop_replication_slot('" + database.name() + "')");
  const std::size_t before = line.output().size();
  const auto up = line.start("up", {"--quiet"});
  const auto said = [&] { return line.output().substr(before); };
  EXPECT_TRUE(eventually([&] { return said().find("--accept-source") != std::string::npos; }, 60s)) << said();
  EXPECT_THAT(said(),
              AllOf(HasSubstr("freshet: capture has failed: the replication slot"), HasSubstr("\n  -> ")));
  EXPECT_EQ(up->stop(SIGTERM, 60s), 0);
  EXPECT_EQ(std::ranges::count(said(), '\n'), 2) << said();
}

TEST(WrongSetup, WhatIsNoPositionIsRefused) {
  for (const std::string role : {"up", "capture"})
    for (const std::string text : {"yes", "0/1A2B3C4", "1A2B3C4D", "1a2b3c4d5", ""}) {
      const Ended refused = freshet({role, "here", "--accept-source", text});
      EXPECT_EQ(refused.status, 64) << text;
      EXPECT_THAT(refused.output, AllOf(HasSubstr("--accept-source"), HasSubstr("eight"))) << text;
    }
  EXPECT_EQ(freshet({"up", "here", "--accept-source", "1a2b3c4d"}).status, 1) << "there is no such project";
}

TEST(WrongSetup, ParityThatCannotBeMadeIsNoFinding) {
  TestDatabase database;
  const Installation line(database, kItem);
  write(line.project() + "/pipeline.yaml",
        "name: p\nsource:\n  url: postgres://x@127.0.0.1/x\n  publication: [\n");
  EXPECT_EQ(line.parity().status, 3);
}

TEST(WrongSetup, StatusWithoutAProcessSaysSo) {
  const TempDir folder;
  const Ended status = freshet({"status", "--data", folder.path() + "/none"});
  EXPECT_EQ(status.status, 3);
  EXPECT_THAT(status.output, HasSubstr("nothing has run there yet"));
}

}  // namespace
}  // namespace freshet::test
