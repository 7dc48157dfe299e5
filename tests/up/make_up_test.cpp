// `make up` as a user has it: a shop with history and traffic from nothing, Ctrl-C, going on, a database of
// one's own, and an exit status that can be believed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>
#include <filesystem>
#include <optional>

#include "adapter/clickhouse/client.h"
#include "support/files.h"
#include "support/postgres.h"
#include "support/process.h"
#include "support/processes.h"

namespace freshet::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class MakeUp : public testing::Test {
 protected:
  ~MakeUp() override { EXPECT_EQ(left_behind(), "") << "of " << data(); }

  std::string data() const { return dir_.path() + "/data"; }
  std::string output() const { return contents(dir_.path() + "/output"); }
  std::string endpoint(const std::string& name) const {
    return text_in(contents(data() + "/endpoints.json"), name);
  }

  Process start(std::vector<std::string> variables) const {
    variables.push_back("DATA=" + data());
    return Process({.arguments = {std::string(std::getenv("FRESHET_SOURCE_DIR")) + "/scripts/up.sh"},
                    .environment = std::move(variables),
                    .output = dir_.path() + "/output",
                    .user = {}});
  }
  // To its own end.
  int up(std::vector<std::string> variables) const { return start(std::move(variables)).wait(300s); }

  // As a terminal does it: everything in the foreground gets it.
  static int ctrl_c(Process& up) {
    ::kill(-up.pid(), SIGINT);
    return up.wait(60s);
  }

  bool serves(Process& up) const {
    return eventually([&] { return !endpoint("http").empty() || !up.running(); }, 120s) && up.running();
  }

  std::string left_behind() const {
    std::string names;
    eventually([&] {
      names.clear();
      for (const SeenProcess& process : processes_with(data())) names += process.program + " ";
      return names.empty();
    });
    return names;
  }

  TempDir dir_{"freshet-up-"};
};

TEST_F(MakeUp, BringsAShopWithItsTrafficAndComparesItAtTheEnd) {
  ASSERT_EQ(up({"DAYS=1", "RATE=100", "FOR=5"}), 0) << output();
  EXPECT_THAT(output(), HasSubstr("making a PostgreSQL"));
  EXPECT_THAT(output(), HasSubstr("27 tables: equal"));
  EXPECT_FALSE(std::filesystem::exists(data() + "/endpoints.json"));
  EXPECT_EQ(left_behind(), "");
  const std::size_t said = output().size();

  // And goes on where it was: with the same history, until Ctrl-C.
  Process second = start({"DAYS=1", "RATE=100"});
  ASSERT_TRUE(serves(second)) << output();
  EXPECT_THAT(endpoint("clickhouse"), HasSubstr("http://127.0.0.1:"));
  postgres::Connection shop({.url = endpoint("postgres"), .purpose = "test"});
  EXPECT_EQ(shop.query("SELECT count(*) > 0 FROM app.orders").text(0, 0), "t");
  EXPECT_EQ(ctrl_c(second), 0) << output();
  EXPECT_THAT(output().substr(said), Not(HasSubstr("making a PostgreSQL")));
  EXPECT_EQ(left_behind(), "");
}

TEST_F(MakeUp, TakesADatabaseOfOnesOwn) {
  TestDatabase database;
  database.sql(
      "CREATE TABLE item (id int PRIMARY KEY, name text); INSERT INTO item VALUES (1, 'a'), (2, 'b')");
  ASSERT_EQ(up({"SOURCE=" + database.url(), "FOR=3"}), 0) << output();
  EXPECT_TRUE(std::filesystem::exists(data() + "/project/contracts"));
  EXPECT_FALSE(std::filesystem::exists(data() + "/postgres"));
}

TEST_F(MakeUp, EndsWithAnotherStatusWhenAMirrorDiffers) {
  TestDatabase database;
  database.sql(
      "CREATE TABLE item (id int PRIMARY KEY, name text); INSERT INTO item VALUES (1, 'a'), (2, 'b')");
  Process up = start({"SOURCE=" + database.url(), "FOR=15"});
  ASSERT_TRUE(serves(up)) << output();
  clickhouse::Client client{clickhouse::Endpoint(endpoint("clickhouse"))};
  const auto mirrored = [&] {
    return client.value(
        "SELECT sum(rows) FROM system.parts WHERE database = 'raw' AND table = 'item' AND active");
  };
  ASSERT_TRUE(eventually([&] { return mirrored() == "2"; })) << output();
  client.execute("INSERT INTO raw.item (id, name, _version) VALUES (3, 'never committed', 1)");
  EXPECT_EQ(up.wait(120s), 1) << output();
  EXPECT_THAT(output(), HasSubstr("item"));
}

TEST_F(MakeUp, SaysWhyItCannotBegin) {
  EXPECT_EQ(up({"SOURCE=postgres://nobody@127.0.0.1:1/none", "FOR=3"}), 1);
  EXPECT_THAT(output(), HasSubstr("127.0.0.1"));
  EXPECT_THAT(output(), Not(HasSubstr("terminate called")));
}

}  // namespace
}  // namespace freshet::test
