// freshet up from end to end: a schema that nobody here designed comes up by itself, its changes arrive, and
// every way to stop, break and start again ends with equal sides.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <regex>

#include "app/control.h"
#include "app/data_dir.h"
#include "app/unresolved_keys.h"
#include "freshet_process.h"
#include "support/files.h"

namespace freshet::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kSchema = R"(
CREATE SCHEMA "Sales Dept";
CREATE TYPE mood AS ENUM ('glad', 'sad');
CREATE TABLE item (id bigint PRIMARY KEY, name text NOT NULL, price numeric(10,2), tags text[], added timestamptz);
CREATE TABLE "Sales Dept"."Order" (a int, b uuid, state mood, doc jsonb, PRIMARY KEY (b, a));
CREATE TABLE without_key (a int);
INSERT INTO item SELECT g, 'name ' || g, g / 100.0, ARRAY['x', g::text], now() FROM generate_series(1, 5000) g;
INSERT INTO "Sales Dept"."Order" SELECT g, md5(g::text)::uuid, 'glad', '{"a": 1}' FROM generate_series(1, 500) g;
)";

class Up : public testing::Test {
 protected:
  bool arrives(const app::EndpointLine& endpoints, const std::string& sql, const std::string& value) {
    return eventually([&] { return mirror_value(endpoints, sql) == value; }, 60s);
  }
  void expect_equal_sides(const Installation& line) {
    const Ended parity = line.parity();
    EXPECT_EQ(parity.status, 0) << parity.output;
  }

  TestDatabase database_;
  Installation line_{database_, kSchema};
};

TEST_F(Up, BringsAForeignSchemaOverAndFollowsIt) {
  const auto up = line_.start();
  const app::EndpointLine endpoints = line_.endpoints(*up);
  EXPECT_TRUE(arrives(endpoints, "SELECT count() FROM src.item", "5000")) << line_.output();
  EXPECT_TRUE(arrives(endpoints, "SELECT count() FROM src.`Order`", "500"));

  database_.sql(
      "INSERT INTO item VALUES (-1, 'new', NULL, NULL, NULL); UPDATE item SET name = 'other' WHERE id = 1;"
      "DELETE FROM item WHERE id = 2; UPDATE item SET id = 100000 WHERE id = 3");
  EXPECT_TRUE(arrives(endpoints,
                      "SELECT concat(toString(count()), ' ', argMin(name, id)) FROM src.item WHERE id < 5",
                      "3 new"));
  EXPECT_EQ(mirror_value(endpoints, "SELECT name FROM src.item WHERE id = 1"), "other");
  expect_equal_sides(line_);
}

// Composites, and domains and arrays of them, travel as PostgreSQL's text.
TEST(UpWithTypesOfItsOwn, BringsThemOverAndFollowsThem) {
  TestDatabase database;
  const Installation line(database, R"(
CREATE TYPE pair AS (a int, b text);
CREATE DOMAIN near AS pair CHECK ((VALUE).a < 10);
CREATE TABLE spot (id int PRIMARY KEY, at pair, nearby near, all_of pair[], mood text);
INSERT INTO spot SELECT g, ROW(g, 'x,"y')::pair, ROW(1, NULL)::pair, ARRAY[ROW(g, 'z')::pair, NULL], 'm' FROM generate_series(1, 50) g)");
  const auto up = line.start();
  const app::EndpointLine endpoints = line.endpoints(*up);
  ASSERT_TRUE(line.wait_until_loaded()) << line.output();
  database.sql("UPDATE spot SET at = ROW(7, NULL)::pair WHERE id = 3; DELETE FROM spot WHERE id = 4");
  const Ended parity = line.parity();
  EXPECT_EQ(parity.status, 0) << parity.output;
  EXPECT_EQ(mirror_value(endpoints, "SELECT at FROM src.spot WHERE id = 3"), "(7,)");
}

TEST_F(Up, TellsTheTruthOnItsPort) {
  const auto up = line_.start();
  const app::EndpointLine endpoints = line_.endpoints(*up);
  EXPECT_EQ(http_get(endpoints.http, "/healthz").status, 200);
  EXPECT_TRUE(eventually([&] { return http_get(endpoints.http, "/readyz").status == 200; }, 60s))
      << http_get(endpoints.http, "/readyz").body;
  EXPECT_THAT(http_get(endpoints.http, "/").body, HasSubstr("<title>Freshet</title>"));
  EXPECT_THAT(http_get(endpoints.http, "/metrics").body, HasSubstr("freshet_ready 1"));
  EXPECT_EQ(http_get(endpoints.http, "/nothing").status, 404);

  const auto status = line_.status();
  ASSERT_TRUE(status);
  EXPECT_TRUE(status->ready.ready);
  EXPECT_EQ(status->streams.size(), 2u);
  for (const app::StageLine& stage : status->stages)
    EXPECT_EQ(stage.state, "running") << stage.name << stage.error;
  EXPECT_THAT(endpoints.postgres, HasSubstr(database_.name()));
}

TEST_F(Up, StopsInOrderAndGoesOnWhereItWas) {
  auto up = line_.start();
  app::EndpointLine endpoints = line_.endpoints(*up);
  EXPECT_TRUE(line_.wait_until_loaded()) << line_.output();
  EXPECT_EQ(up->stop(SIGTERM, 30s), 0) << line_.output();
  EXPECT_FALSE(std::filesystem::exists(line_.data() + "/endpoints.json"));
  EXPECT_FALSE(line_.status());

  database_.sql("INSERT INTO item SELECT g, 'later', 1, NULL, NULL FROM generate_series(10001, 10100) g");
  up = line_.start();
  endpoints = line_.endpoints(*up);
  EXPECT_TRUE(arrives(endpoints, "SELECT count() FROM src.item", "5100")) << line_.output();
  // Nothing was read again.
  EXPECT_EQ(mirror_value(endpoints, "SELECT count() FROM raw.item"), "5100");
  expect_equal_sides(line_);
}

TEST_F(Up, SurvivesItsOwnDeathAndItsEngines) {
  auto up = line_.start();
  app::EndpointLine endpoints = line_.endpoints(*up);
  const std::string clickhouse = endpoints.clickhouse;
  EXPECT_TRUE(arrives(endpoints, "SELECT count() FROM src.item", "5000")) << line_.output();

  std::ifstream log(line_.data() + "/log/up.jsonl");
  const std::string text((std::istreambuf_iterator<char>(log)), {});
  std::smatch match;
  ASSERT_TRUE(std::regex_search(text, match, std::regex(R"("event":"store_started","pid":(\d+))"))) << text;
  // The passwords of the source are among ours, and the store's engine can read files.
  EXPECT_THAT(contents("/proc/" + match[1].str() + "/environ"),
              AllOf(HasSubstr("PATH="), Not(HasSubstr("FRESHET_"))));
  kill(std::stoi(match[1]), SIGKILL);
  database_.sql("DELETE FROM item WHERE id > 4000");
  EXPECT_TRUE(arrives(endpoints, "SELECT count() FROM src.item", "4000")) << line_.output();

  EXPECT_EQ(up->stop(SIGKILL, 10s), 128 + SIGKILL);
  database_.sql("DELETE FROM item WHERE id > 3000");
  up = line_.start();
  std::filesystem::remove(line_.data() + "/endpoints.json");  // of the process that couldn't remove it
  endpoints = line_.endpoints(*up);
  EXPECT_EQ(endpoints.clickhouse, clickhouse);  // the port is kept
  EXPECT_TRUE(arrives(endpoints, "SELECT count() FROM src.item", "3000")) << line_.output();
  expect_equal_sides(line_);
}

TEST_F(Up, WhatIsInQuarantineComesInWithTheContractThatWasMended) {
  auto up = line_.start();
  app::EndpointLine endpoints = line_.endpoints(*up);
  EXPECT_TRUE(arrives(endpoints, "SELECT count() FROM src.item", "5000")) << line_.output();
  database_.sql("UPDATE item SET price = 'NaN' WHERE id = 1");
  EXPECT_TRUE(eventually([&] { return line_.status()->streams.at(1).state == "quarantined"; }, 60s));
  database_.sql("DELETE FROM item WHERE id = 2");
  EXPECT_EQ(up->stop(SIGTERM, 30s), 0) << line_.output();

  const std::string contract = line_.project() + "/contracts/public.item.yaml";
  std::ifstream before(contract);
  const std::string text((std::istreambuf_iterator<char>(before)), {});
  std::ofstream(contract) << std::regex_replace(
      text, std::regex(R"re((physicalType: "numeric\(10,2\)"\n))re"),
      "$1        customProperties:\n          - property: freshet\n            value: {null_when: [nan]}\n");
  up = line_.start();
  endpoints = line_.endpoints(*up);
  EXPECT_TRUE(arrives(endpoints, "SELECT count() FROM src.item", "4999")) << line_.output();
  expect_equal_sides(line_);
}

TEST_F(Up, WhatIsInQuarantineIsSeenReplayedAndGivenUp) {
  const auto up = line_.start();
  const app::EndpointLine endpoints = line_.endpoints(*up);
  ASSERT_TRUE(line_.wait_until_loaded()) << line_.output();
  const auto say = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--data", line_.data()});
    return freshet(arguments);
  };
  EXPECT_EQ(say({"quarantine", "list"}).status, 0);
  EXPECT_NE(say({"quarantine", "replay", "item"}).status, 0);
  database_.sql(
      "UPDATE item SET price = 'NaN', name = 'odd' WHERE id = 1; UPDATE item SET price = 3 WHERE id = 1");
  EXPECT_TRUE(eventually([&] { return line_.status()->streams.at(1).state == "quarantined"; }, 60s));
  EXPECT_TRUE(eventually(
      [&] { return say({"quarantine", "list"}).output.find("behind") != std::string::npos; }, 60s));
  const Ended listed = say({"quarantine", "list", "item"});
  EXPECT_EQ(listed.status, 1);
  EXPECT_THAT(listed.output,
              AllOf(HasSubstr("public.item: 2 wait"), HasSubstr("'price' is NaN"),
                    HasSubstr("(contract 1.0.0)"), HasSubstr("null_when"),
                    HasSubstr("  id = 1: public.item at "), HasSubstr("  id = 1: behind an earlier one")));
  EXPECT_THAT(say({"quarantine", "list", "--json"}).output,
              HasSubstr("\"key\":[{\"column\":\"id\",\"value\":\"1\"}]"));
  const std::string id = listed.output.substr(listed.output.find("\n  ") + 3, 16);
  const Ended shown = say({"quarantine", "show", "item", id});
  EXPECT_EQ(shown.status, 0) << shown.output;
  EXPECT_THAT(shown.output, AllOf(HasSubstr("price = NaN"), HasSubstr("name = odd")));
  EXPECT_NE(say({"quarantine", "show", "item", "0000000000000000"}).status, 0);
  const Ended in_vain = say({"quarantine", "replay", "item"});
  EXPECT_EQ(in_vain.status, 1);
  EXPECT_THAT(in_vain.output, HasSubstr("2 still wait"));
  EXPECT_THAT(say({"stream", "list"}).output, HasSubstr("quarantined"));

  EXPECT_NE(say({"quarantine", "drop", "item", id}).status, 0) << "without a reason";
  EXPECT_NE(say({"quarantine", "drop", "item", "--because", "why"}).status, 0) << "without saying which";
  EXPECT_EQ(say({"quarantine", "drop", "item", id, "--because", "a test's"}).status, 0);
  EXPECT_TRUE(eventually([&] { return line_.status()->streams.at(1).state == "running"; }, 60s));
  EXPECT_EQ(say({"quarantine", "list"}).status, 0);
  expect_equal_sides(line_);

  EXPECT_EQ(say({"stream", "pause", "item"}).status, 0);
  EXPECT_NE(say({"stream", "pause", "item"}).status, 0);
  database_.sql("DELETE FROM item WHERE id = 2");
  EXPECT_EQ(say({"stream", "resume", "item"}).status, 0);
  expect_equal_sides(line_);
}

TEST_F(Up, ParityNeedsNoEnvironmentBesideAProcessThatRuns) {
  const std::string pipeline = line_.project() + "/pipeline.yaml";
  std::ifstream before(pipeline);
  const std::string text((std::istreambuf_iterator<char>(before)), {});
  std::ofstream(pipeline) << std::regex_replace(text, std::regex(R"(url: .*)"), "url: $${SHOP_URL}");
  setenv("SHOP_URL", database_.url().c_str(), 1);
  const auto up = line_.start();
  unsetenv("SHOP_URL");
  line_.endpoints(*up);
  EXPECT_TRUE(line_.wait_until_loaded()) << line_.output();
  expect_equal_sides(line_);
}

TEST_F(Up, ParityEndsWithOneWhereAMirrorDiffersAndWithTwoWhereAStreamStands) {
  const auto up = line_.start();
  const app::EndpointLine endpoints = line_.endpoints(*up);
  ASSERT_TRUE(line_.wait_until_loaded()) << line_.output();
  clickhouse::Client(clickhouse::Endpoint(endpoints.clickhouse))
      .execute(
          "INSERT INTO raw.item SELECT * REPLACE ('damaged' AS name, _version + 1 AS _version) FROM raw.item "
          "FINAL WHERE id = 4711");
  const Ended different = line_.parity();
  EXPECT_EQ(different.status, 1) << different.output;
  EXPECT_THAT(different.output, AllOf(HasSubstr("public.item"), HasSubstr("4711"), HasSubstr("different")));
  const Ended other =
      freshet({"parity", line_.project(), "--data", line_.data(), "--table", "Sales Dept.Order"});
  EXPECT_EQ(other.status, 0) << other.output;

  database_.sql(
      "UPDATE item SET price = 'NaN' WHERE id = 1; UPDATE item SET id = -2, price = 'NaN' WHERE id = 2");
  EXPECT_TRUE(eventually([&] { return line_.status()->streams.at(1).state == "quarantined"; }, 60s));
  const Ended waiting = line_.parity();
  EXPECT_EQ(waiting.status, 1) << waiting.output;
  EXPECT_THAT(waiting.output,
              AllOf(HasSubstr("4 keys, 3 of them for what waits in quarantine"), HasSubstr("3 changes wait"),
                    HasSubstr("(1): values differ, in quarantine"), HasSubstr("(4711): values differ\n")));
  EXPECT_EQ(freshet({"stream", "pause", "public.item", "--data", line_.data()}).status, 0);
  const Ended undecided = line_.parity();
  EXPECT_EQ(undecided.status, 2) << undecided.output;
  EXPECT_THAT(undecided.output,
              AllOf(HasSubstr("the stream of public.item doesn't run (paused)"), HasSubstr("by request")));
}

TEST_F(Up, RolesRunApartOnOneData) {
  const auto capture = line_.start("capture");
  const auto load = line_.start("load");
  const app::EndpointLine endpoints = line_.endpoints(*load);
  EXPECT_TRUE(arrives(endpoints, "SELECT count() FROM src.item", "5000")) << line_.output("load");
  database_.sql("DELETE FROM item WHERE id > 10");
  EXPECT_TRUE(arrives(endpoints, "SELECT count() FROM src.item", "10"));
  expect_equal_sides(line_);
  // The addresses are load's: they stay through whatever capture goes through.
  EXPECT_EQ(capture->stop(SIGTERM, 60s), 0);
  const auto again = line_.start("capture");
  database_.sql("DELETE FROM item WHERE id > 5");
  EXPECT_TRUE(arrives(endpoints, "SELECT count() FROM src.item", "5"));
  EXPECT_TRUE(std::filesystem::exists(line_.data() + "/endpoints.json"));
}

// As load does for keys whose rows no chunk of a snapshot had.
TEST_F(Up, CaptureReadsKeysForALoadInAnotherProcess) {
  const auto capture = line_.start("capture");
  const auto load = line_.start("load");
  const app::EndpointLine endpoints = line_.endpoints(*load);
  EXPECT_TRUE(arrives(endpoints, "SELECT count() FROM src.item", "5000")) << line_.output("load");
  const app::DataDir data(line_.data());
  const capture::KeyRequest request{
      .schema = "public", .table = "item", .columns = {"id"}, .keys = {{"7"}, {"-7"}}, .v = Lsn(42)};
  EXPECT_EQ(app::ask(data.socket(app::Role::capture), "read_keys", app::to_json(request)), "null");
  EXPECT_THROW(app::ask(data.socket(app::Role::capture), "read_keys", "[]"), Error);
  EXPECT_THROW(app::ask(data.socket(app::Role::load), "read_keys", app::to_json(request)), Error);
  EXPECT_TRUE(arrives(endpoints,
                      "SELECT groupArray((id, _deleted)) FROM (SELECT id, _deleted FROM raw.item WHERE "
                      "bitAnd(bitShiftRight(_version, 64), toUInt128(72057594037927935)) = 42 ORDER BY id)",
                      "[(-7,1),(7,0)]"))
      << line_.output("capture");
  expect_equal_sides(line_);
}

TEST_F(Up, ParityRunsTheLineWhenNothingElseDoes) {
  expect_equal_sides(line_);
  database_.sql("DELETE FROM item WHERE id > 10");
  expect_equal_sides(line_);
}

TEST_F(Up, ASecondOneOnTheSameDataIsRefused) {
  const auto up = line_.start();
  line_.endpoints(*up);
  const Ended second = freshet({"up", line_.project(), "--data", line_.data()});
  EXPECT_EQ(second.status, 1);
  EXPECT_THAT(second.output, HasSubstr(std::to_string(up->pid())));
  EXPECT_TRUE(up->running());
}

}  // namespace
}  // namespace freshet::test
