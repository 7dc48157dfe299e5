// What is wrong with a set-up is said at once, clearly, with the step that mends it, and without a secret.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "freshet_process.h"

namespace freshet::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

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

TEST(WrongSetup, ADatabaseWithNothingToMirror) {
  TestDatabase database;
  database.sql("CREATE TABLE without_key (a int)");
  const TempDir folder;
  const Ended init = freshet({"init", folder.path() + "/project", "--source", database.url()});
  EXPECT_EQ(init.status, 1);
  EXPECT_THAT(init.output, AllOf(HasSubstr("without_key"), HasSubstr("primary key")));
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
