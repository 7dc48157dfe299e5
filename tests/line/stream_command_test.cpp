// freshet stream add, remove: a table comes into a line that runs, or leaves it, and no other loses or
// doubles a change.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "adapter/http/server.h"
#include "app/control.h"
#include "app/data_dir.h"
#include "line/mirrored.h"
#include "support/files.h"

namespace freshet::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

constexpr const char* kFine =
    "CREATE TABLE fine (id bigint PRIMARY KEY, v text, n bigint);"
    "INSERT INTO fine SELECT i, 'old', i FROM generate_series(1, 100) i;";
constexpr const char* kLate =
    "CREATE TABLE late (id bigint PRIMARY KEY, v text, n bigint);"
    "INSERT INTO late SELECT i, 'old', i FROM generate_series(1, 100) i;";

constexpr const char* kOfAllTables =
    "DROP PUBLICATION freshet; CREATE PUBLICATION freshet FOR ALL TABLES WITH (publish_via_partition_root)";

// Changes of a table, one commit after the other, for as long as it lives.
class Busy {
 public:
  explicit Busy(Mirrored& line, const std::string& table = "fine")
      : connection_({.url = line.database().url(), .purpose = "freshet test"}) {
    thread_ = std::jthread([this, table](std::stop_token stop) {
      for (int i = 0; !stop.stop_requested(); ++i)
        connection_.run(
            fmt::format("INSERT INTO {3} VALUES ({0}, 'new', {0}); DELETE FROM {3} WHERE id = {1};"
                        "UPDATE {3} SET n = n + 1 WHERE id = {2}",
                        1'000 + i, 900 + i, i % 100, table));
    });
  }

 private:
  postgres::Connection connection_;
  std::jthread thread_;
};

// The sender that streams, load's term at its last round, and how often the stages were started anew: none of
// it changes where nothing pauses.
std::string what_runs(Mirrored& line) {
  const std::string log = contents(line.line().data() + "/log/up.jsonl");
  std::size_t anew = 0;
  for (auto at = log.find("starting_anew"); at != std::string::npos; at = log.find("starting_anew", at + 1))
    ++anew;
  return fmt::format(
      "sender {}, term {}, started anew {} times",
      line.sql("SELECT active_pid FROM pg_replication_slots WHERE slot_name = 'freshet'").text(0, 0),
      line.clickhouse().value("SELECT max(term) FROM freshet.cuts"), anew);
}

TEST(StreamCommand, TakesATableInAndOutWhileAnotherStreamsOn) {
  Mirrored line(kFine);
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  {
    const Busy busy(line);
    line.sql(kLate);
    const std::string before = what_runs(line);
    const Line::Said added = line.line().say({"stream", "add", "late"});
    ASSERT_EQ(added.status, 0) << added.output << line.line().log_tail();
    EXPECT_THAT(added.output,
                AllOf(HasSubstr("contracts/late.yaml: review it"),
                      HasSubstr("ALTER PUBLICATION \"freshet\" ADD TABLE ONLY \"public\".\"late\"")));
    ASSERT_TRUE(line.line().wait_until_loaded()) << line.line().status_text();
    line.sql("UPDATE late SET v = 'changed' WHERE id < 10; DELETE FROM late WHERE id = 10");
    line.expect_equal("late");
    EXPECT_EQ(what_runs(line), before);

    const Line::Said removed = line.line().say({"stream", "remove", "public.late"});
    ASSERT_EQ(removed.status, 0) << removed.output << line.line().log_tail();
    EXPECT_THAT(removed.output,
                AllOf(HasSubstr("ALTER PUBLICATION \"freshet\" DROP TABLE ONLY \"public\".\"late\""),
                      HasSubstr("DROP VIEW `src`.`late`; DROP TABLE `raw`.`late`")));
    line.sql("UPDATE late SET v = 'untold' WHERE id > 50; DELETE FROM late WHERE id < 50");
    ASSERT_TRUE(line.caught_up());
    EXPECT_EQ(line.clickhouse().value("SELECT count() FROM src.late"), "99");

    const Line::Said again = line.line().say({"stream", "add", "public.late"});
    ASSERT_EQ(again.status, 0) << again.output << line.line().log_tail();
    EXPECT_THAT(again.output, HasSubstr("took back"));
    ASSERT_TRUE(line.line().wait_until_loaded()) << line.line().status_text();
    line.sql("UPDATE late SET n = n + 1 WHERE id > 90");
    line.expect_equal("late");
  }
  line.expect_equal("fine");
  EXPECT_EQ(line.line().parity(), 0);
}

// The stream has announced it, and brought its changes, while nobody wanted them.
TEST(StreamCommand, TakesInATableThatWasPublishedBefore) {
  Mirrored line(kFine);
  line.sql(kOfAllTables);
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  line.sql(kLate);
  line.sql("UPDATE late SET n = n + 1; DELETE FROM late WHERE id = 1");
  ASSERT_TRUE(line.caught_up());
  {
    const Busy busy(line);
    const Busy busy_with_late(line, "late");
    const std::string before = what_runs(line);
    for (int i = 0; i < 3; ++i) {
      const Line::Said added = line.line().say({"stream", "add", "late"});
      ASSERT_EQ(added.status, i == 0 ? 0 : 1) << added.output << line.line().log_tail();
    }
    ASSERT_TRUE(line.line().wait_until_loaded()) << line.line().status_text();
    EXPECT_EQ(what_runs(line), before);
  }
  line.expect_equal("late");
  line.expect_equal("fine");
  EXPECT_EQ(line.line().parity(), 0);
}

// It waits for ClickHouse with the others.
TEST(StreamCommand, TakesATableInWhileClickHouseIsAway) {
  Mirrored line(kFine);
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  line.sql(kLate);
  for (int i = 0; i < 2; ++i) line.line().kill_store();
  const Line::Said added = line.line().say({"stream", "add", "late"});
  ASSERT_EQ(added.status, 0) << added.output << line.line().log_tail();
  ASSERT_TRUE(line.line().wait_until_loaded()) << line.line().status_text();
  line.sql("UPDATE late SET n = n + 1");
  line.expect_equal("late");
  EXPECT_EQ(line.line().parity(), 0);
}

TEST(StreamCommand, ChangesNothingWhereItIsRefused) {
  Mirrored line(kFine);
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  line.sql("CREATE TABLE without_key (a int);" + std::string(kLate));
  const auto files = [&] {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(line.project() + "/contracts"))
      names.push_back(entry.path().filename());
    return names;
  };
  const Line::Said no_key = line.line().say({"stream", "add", "late", "without_key"});
  EXPECT_EQ(no_key.status, 1);
  EXPECT_THAT(no_key.output, HasSubstr("ALTER TABLE \"public\".\"without_key\" ADD COLUMN"));
  EXPECT_THAT(line.line().say({"stream", "add", "other"}).output, HasSubstr("the source has no table other"));
  line.sql(
      "CREATE VIEW seen AS SELECT 1 AS id; CREATE MATERIALIZED VIEW kept AS SELECT 1 AS id;"
      "CREATE TABLE days (id int PRIMARY KEY) PARTITION BY RANGE (id);"
      "CREATE TABLE days_1 PARTITION OF days DEFAULT; CREATE FOREIGN DATA WRAPPER none;"
      "CREATE SERVER away FOREIGN DATA WRAPPER none; CREATE FOREIGN TABLE far (id int) SERVER away");
  EXPECT_THAT(line.line().say({"stream", "add", "seen"}).output, HasSubstr("public.seen is a view"));
  EXPECT_THAT(line.line().say({"stream", "add", "kept"}).output, HasSubstr("is a materialized view"));
  EXPECT_THAT(line.line().say({"stream", "add", "far"}).output, HasSubstr("is a foreign table"));
  EXPECT_THAT(line.line().say({"stream", "add", "public.days_1"}).output,
              HasSubstr("is a partition of public.days, with which it is streamed\n  -> freshet stream add "
                        "public.days\n"));
  EXPECT_THAT(line.line().say({"stream", "add", "fine"}).output, HasSubstr("freshet snapshot public.fine"));
  EXPECT_THAT(line.line().say({"stream", "remove", "fine"}).output, HasSubstr("no table left"));
  EXPECT_EQ(files(), std::vector<std::string>{"fine.yaml"});
  line.sql("INSERT INTO fine VALUES (1000, 'goes on', 1)");
  line.expect_equal("fine");
}

// A schema that pipeline.yaml doesn't list yet; and a line that doesn't run takes it up at its start.
TEST(StreamCommand, TakesATableOfAnotherSchemaIn) {
  Mirrored line(kFine);
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  line.line().stop();
  line.sql(
      "CREATE SCHEMA \"Odd one\"; CREATE TABLE \"Odd one\".late (id bigint PRIMARY KEY, v text, n bigint);"
      "INSERT INTO \"Odd one\".late SELECT i, 'old', i FROM generate_series(1, 100) i");
  const Line::Said added = line.line().say({"stream", "add", "late"});
  ASSERT_EQ(added.status, 0) << added.output;
  EXPECT_THAT(added.output,
              AllOf(HasSubstr("added Odd one to source.schemas"), HasSubstr("nothing runs now")));
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  EXPECT_EQ(line.clickhouse().value("SELECT count() FROM src.late"), "100");
  EXPECT_EQ(line.line().parity(), 0);
}

// What the reviewed contract leaves out reaches neither the WAL nor anything behind it, whatever its name
// looks like; what it takes isn't left out.
TEST(StreamCommand, PublishesTheColumnsOfTheContractThatItTookBack) {
  Mirrored line(std::string(kFine) + "CREATE TABLE late (id bigint PRIMARY KEY, note text, api_key text)");
  const auto say = [&](const std::string& does) {
    return line.line().say({"stream", does, "late", "--project", line.project()});
  };
  ASSERT_EQ(say("remove").status, 0);
  edit_file(line.project() + "/contracts/late.yaml.removed", "note", "api_key");
  const Line::Said added = say("add");
  EXPECT_EQ(added.status, 0) << added.output;
  EXPECT_THAT(added.output, AllOf(HasSubstr("took back"),
                                  HasSubstr("ADD TABLE ONLY \"public\".\"late\" (\"id\", \"api_key\")")));
  EXPECT_EQ(line.sql("SELECT attnames FROM pg_publication_tables WHERE tablename = 'late'").text(0, 0),
            "{id,api_key}");
}

// Another schema's table of the same name has no part in what was reviewed for the first.
TEST(StreamCommand, TakesBackNoContractOfAnotherTable) {
  Mirrored line(
      "CREATE SCHEMA a; CREATE TABLE a.late (id bigint PRIMARY KEY, of_a text);"
      "CREATE SCHEMA b; CREATE TABLE b.other (id bigint PRIMARY KEY, v text)");
  const std::string contracts = line.project() + "/contracts/";
  fs::rename(contracts + "a.late.yaml", contracts + "late.yaml");
  const auto say = [&](const std::string& does, const std::string& table) {
    const Line::Said said = line.line().say({"stream", does, table, "--project", line.project()});
    EXPECT_EQ(said.status, 0) << said.output;
    return said.output;
  };
  say("remove", "a.late");
  line.sql("CREATE TABLE b.late (id bigint PRIMARY KEY, of_b text)");
  EXPECT_THAT(say("add", "b.late"), HasSubstr("b.late.yaml: review it"));
  EXPECT_THAT(contents(contracts + "b.late.yaml"), HasSubstr("of_b"));
  EXPECT_THAT(contents(contracts + "late.yaml.removed"), HasSubstr("of_a"));
  say("remove", "b.late");
  EXPECT_THAT(say("add", "a.late"), HasSubstr("contracts/late.yaml, which was set aside"));
  EXPECT_THAT(contents(contracts + "late.yaml"), HasSubstr("of_a"));
}

constexpr int kKilled = 128 + 9;
constexpr const char* kLatePublished = "SELECT count(*) FROM pg_publication_tables WHERE tablename = 'late'";

// What was broken off is ended by the same command.
TEST(StreamCommand, IsRepeatedWhereItWasKilled) {
  Mirrored line(kFine);
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  line.sql(kLate);
  for (const auto& [add_dies_at, remove_dies_at] :
       {std::pair("stream_added_to_files", "stream_removed_from_files"),
        std::pair("stream_published", "stream_taken_out")}) {
    EXPECT_EQ(line.line().say({"stream", "add", "late"}, add_dies_at).status, kKilled);
    const Line::Said added = line.line().say({"stream", "add", "late"});
    ASSERT_EQ(added.status, 0) << added.output << line.line().log_tail();
    ASSERT_TRUE(line.line().wait_until_loaded()) << line.line().status_text();
    line.sql("UPDATE late SET n = n + 1");
    line.expect_equal("late");
    EXPECT_EQ(line.line().say({"stream", "add", "late"}).status, 1) << "it is whole now";

    EXPECT_EQ(line.line().say({"stream", "remove", "late"}, remove_dies_at).status, kKilled);
    const Line::Said removed = line.line().say({"stream", "remove", "late"});
    ASSERT_EQ(removed.status, 0) << removed.output << line.line().log_tail();
    EXPECT_EQ(line.line().status_json().find("public.late"), std::string::npos);
    EXPECT_EQ(line.sql(kLatePublished).text(0, 0), "0");
  }
  EXPECT_EQ(line.line().parity(), 0);
}

TEST(StreamCommand, WaitsForTheRolesThatRun) {
  Mirrored line(kFine);
  line.line().start("capture", "");
  line.line().start("load", "");
  ASSERT_TRUE(line.line().wait_until_loaded()) << line.line().log_tail();
  line.sql(kLate);
  const Line::Said added = line.line().say({"stream", "add", "late"});
  ASSERT_EQ(added.status, 0) << added.output << line.line().log_tail();
  ASSERT_TRUE(line.line().wait_until_loaded()) << line.line().status_text();
  line.expect_equal("late");
  line.line().stop("load");
  const Line::Said removed = line.line().say({"stream", "remove", "late"});
  EXPECT_EQ(removed.status, 0) << removed.output << line.line().log_tail();
  EXPECT_EQ(line.sql(kLatePublished).text(0, 0), "0");
}

// A project on whose data nothing runs, and what a command says about `late`.
class Resting : public testing::Test {
 protected:
  std::string say(const std::string& does, int expected = 0) {
    const Line::Said said = line.line().say({"stream", does, "late", "--project", line.project()});
    EXPECT_EQ(said.status, expected) << said.output;
    return said.output;
  }
  bool published() { return line.sql(kLatePublished).text(0, 0) == "1"; }

  Mirrored line{std::string(kFine) + kLate};
};

TEST_F(Resting, StreamCommandPrintsWhatItMayNotDo) {
  const std::string role = "editor_" + line.database().name();
  line.sql("CREATE ROLE " + role + " LOGIN");
  std::string url = line.database().url();
  const std::size_t user = url.find("postgres@");
  ASSERT_NE(user, std::string::npos) << url;
  line.line().set_source(url.replace(user, std::string("postgres").size(), role));
  for (const std::string does : {"remove", "add"}) {
    const std::string output = say(does);
    EXPECT_THAT(output, HasSubstr("but this role may not: let its owner run that"));
    EXPECT_EQ(published(), does == "remove") << "nothing has changed it yet";
    const std::size_t statement = output.find("ALTER PUBLICATION");
    ASSERT_NE(statement, std::string::npos) << output;
    line.sql(output.substr(statement, output.find('\n', statement) - statement));
    EXPECT_EQ(published(), does == "add");
  }
  line.sql("DROP ROLE " + role);
}

TEST_F(Resting, StreamCommandGoesOnWithoutAPublicationThatIsHeldUp) {
  say("remove");
  line.sql("ALTER DATABASE " + line.database().name() + " SET lock_timeout = '100ms'");
  {
    postgres::Connection other({.url = line.database().url(), .purpose = "freshet test"});
    other.run("BEGIN; LOCK TABLE late IN SHARE UPDATE EXCLUSIVE MODE");
    EXPECT_THAT(say("add", 1), AllOf(HasSubstr("the publication isn't changed"),
                                     HasSubstr("nothing runs now"), HasSubstr("ask again")));
  }
  EXPECT_FALSE(published());
  EXPECT_THAT(say("add"), HasSubstr("ALTER PUBLICATION"));
  EXPECT_TRUE(published());
  EXPECT_THAT(say("add", 1), HasSubstr("is in the project already"));
}

TEST_F(Resting, StreamCommandLeavesAPublicationOfAllTablesAsItIs) {
  line.sql(kOfAllTables);
  EXPECT_THAT(say("remove"), AllOf(HasSubstr("public.late stays published: freshet is for all tables"),
                                   HasSubstr("DROP VIEW `src`.`late`")));
  EXPECT_THAT(say("remove"), HasSubstr("has left; its mirror stays as it is\n"));
}

void listen_on(const Mirrored& line, const std::string& before, const std::string& now) {
  edit_file(line.project() + "/pipeline.yaml", "listen: " + before, "listen: " + now);
}

// Whatever else has been changed in the project's files: who asks is told, and the line goes on.
TEST(StreamCommand, EndsNoLineThatCannotHaveTheAddressItIsToldMeanwhile) {
  Mirrored line(kFine);
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  line.sql(kLate);
  {
    const http::Server taken({}, [](http::Exchange&) {});
    const std::string address = "127.0.0.1:" + std::to_string(taken.port());
    listen_on(line, "127.0.0.1:0", address);
    const Line::Said added = line.line().say({"stream", "add", "late"});
    EXPECT_EQ(added.status, 1) << added.output;
    EXPECT_THAT(added.output, AllOf(HasSubstr("http.listen"), HasSubstr("free that port")));
    listen_on(line, address, "127.0.0.1:0");
  }
  line.sql("INSERT INTO fine VALUES (1000, 'goes on', 1)");
  line.expect_equal("fine");

  // The same port, so that nobody can say before the line has let it go whether it is to be had.
  const std::string url = text_in(contents(line.line().data() + "/endpoints.json"), "http");
  const std::string port = url.substr(url.rfind(':') + 1);
  const http::Server taken({.address = "127.0.0.2", .port = static_cast<std::uint16_t>(std::stoi(port))},
                           [](http::Exchange&) {});
  listen_on(line, "127.0.0.1:0", "0.0.0.0:" + port);
  const fs::path socket = app::DataDir::seen(line.line().data()).socket(app::Role::load);
  ASSERT_TRUE(app::ask(socket, "reload"));
  EXPECT_TRUE(eventually(
      [&] {
        return contents(line.line().data() + "/log/up.jsonl").find("project_not_taken_up") !=
               std::string::npos;
      },
      std::chrono::seconds(60)))
      << line.line().log_tail();
  line.sql("INSERT INTO fine VALUES (1001, 'goes on', 1)");
  line.expect_equal("fine");
}

}  // namespace
}  // namespace freshet::test
