// freshet-store as a process: users, start, stop, crash.
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "store/sandbox.h"
#include "store_case.h"
#include "support/files.h"

namespace freshet::store {
namespace {

using testing::HasSubstr;
using testing::Not;

int start_and_wait(const std::vector<std::string>& arguments, const std::string& log) {
  std::vector<std::string> all{test::built("freshet-store")};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return test::run({.arguments = all, .environment = {}, .output = log, .user = {}},
                   std::chrono::seconds(30));
}

TEST(StoreProcess, AsksForPasswordsAndNarrowsTheReader) {
  test::TestStore store({}, {"FRESHET_STORE_PASSWORD=own", "FRESHET_STORE_READER_PASSWORD=read"});
  const auto as = [&](const std::string& user, const std::string& key, const std::string& sql, auto... more) {
    Call call{.url = store.url(),
              .body = sql,
              .headers = {"X-ClickHouse-User: " + user, "X-ClickHouse-Key: " + key}};
    call.parameters = {more...};
    return send(call);
  };
  using Parameter = std::pair<std::string, std::string>;
  EXPECT_EQ(send({.url = store.url(), .body = "SELECT 1"}).status, 403);
  EXPECT_EQ(as("default", "read", "SELECT 1").header("x-clickhouse-exception-code"), "516");
  EXPECT_EQ(as("default", "own", "CREATE DATABASE d").status, 200);
  EXPECT_EQ(as("default", "own", "CREATE TABLE d.t (a UInt8) ENGINE = MergeTree ORDER BY a").status, 200);
  EXPECT_EQ(as("reader", "read", "SELECT count() FROM d.t").body, "0\n");
  for (const char* sql : {"INSERT INTO d.t FORMAT CSV\n1\n", "INSERT INTO d.t VALUES (1)", "DROP TABLE d.t",
                          "CREATE DATABASE e", "ALTER TABLE d.t ADD COLUMN b UInt8", "SYSTEM STOP MERGES",
                          "KILL QUERY WHERE 1", "SET ROLE owner"}) {
    EXPECT_EQ(as("reader", "read", sql).header("x-clickhouse-exception-code"), "497") << sql;
  }
  EXPECT_EQ(
      as("reader", "read", "SELECT 1", Parameter{"role", "owner"}).header("x-clickhouse-exception-code"),
      "512");
  EXPECT_EQ(as("default", "own", "DROP TABLE d.t", Parameter{"role", "reader"})
                .header("x-clickhouse-exception-code"),
            "497");
  EXPECT_THAT(store.log(), Not(HasSubstr("own\"")));
}

// The engine can read files, and /proc/PID/environ is one.
TEST(StoreProcess, ItsEnvironmentHoldsNoPassword) {
  test::TestStore store({}, {"FRESHET_STORE_PASSWORD=owns-it", "FRESHET_STORE_READER_PASSWORD=reads-it"});
  const std::string environment = test::contents("/proc/" + std::to_string(store.pid()) + "/environ");
  EXPECT_THAT(environment, HasSubstr("FRESHET_STORE_PASSWORD="));
  EXPECT_THAT(environment, Not(HasSubstr("owns-it")));
  EXPECT_THAT(environment, Not(HasSubstr("reads-it")));
}

// A file that the fence keeps away can't be opened at all, whatever asks for it.
TEST(StoreProcess, TheKernelsFenceKeepsProcessesAndFilesAway) {
  const test::TempDir folder;
  const test::TempDir other;
  std::ofstream(folder.path() + "/mine") << "mine";
  std::ofstream(other.path() + "/theirs") << "theirs";
  const std::string parent = "/proc/" + std::to_string(::getpid()) + "/environ";
  const auto look_around = [&] {
    if (confine_to(folder.path()) == Confinement::none) std::_Exit(1);
    const auto opens = [](const std::string& path) { return std::ifstream(path).is_open(); };
    const bool keeps_away = !opens("/proc/self/environ") && !opens("/proc/1/cmdline") && !opens(parent) &&
                            !opens(other.path() + "/theirs") && !opens("/etc/passwd");
    std::_Exit(keeps_away && opens(folder.path() + "/mine") && opens("/proc/meminfo") ? 0 : 2);
  };
  EXPECT_EXIT(look_around(), testing::ExitedWithCode(0), "");
}

TEST(StoreProcess, RefusesTheWorldWithoutAPassword) {
  const test::TempDir dir;
  EXPECT_NE(start_and_wait({"--path", dir.path() + "/d", "--listen", "0.0.0.0"}, dir.path() + "/log"), 0);
  EXPECT_THAT(test::contents(dir.path() + "/log"), HasSubstr("without a password"));
}

TEST(StoreProcess, ASecondProcessOnTheSameDataIsRefused) {
  test::TestStore store;
  EXPECT_NE(start_and_wait({"--path", store.folder() + "/data"}, store.folder() + "/second.log"), 0);
  EXPECT_EQ(send({.url = store.url(), .body = "SELECT 1"}).body, "1\n");
}

// A config.xml in the working directory would be loaded, a relative path would break the engine's fsync.
TEST(StoreProcess, WorksFromAFolderThatIsntItsOwn) {
  const test::TempDir dir;
  std::ofstream(dir.path() + "/config.xml") << "<clickhouse><nonsense";
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(dir.path());
  const test::Process store(
      {.arguments = {test::built("freshet-store"), "--path", "here", "--port-file", "port"},
       .environment = {},
       .output = dir.path() + "/log",
       .user = {}});
  std::filesystem::current_path(before);
  ASSERT_TRUE(test::eventually([&] { return test::contents(dir.path() + "/port").ends_with('\n'); }))
      << test::contents(dir.path() + "/log");
  const std::string url =
      "http://127.0.0.1:" + std::to_string(std::stoi(test::contents(dir.path() + "/port")));
  for (const char* sql : {"CREATE DATABASE d",
                          "CREATE TABLE d.t (a UInt8) ENGINE = MergeTree ORDER BY a SETTINGS "
                          "fsync_after_insert = 1, fsync_part_directory = 1",
                          "INSERT INTO d.t VALUES (1)"}) {
    const Answer answer = send({.url = url, .body = sql});
    EXPECT_EQ(answer.status, 200) << sql << answer.body;
  }
}

TEST(StoreProcess, StopsCleanlyAlsoWithAQueryAndAnIdleClient) {
  test::TestStore store;
  std::jthread client([&] {
    send({.url = store.url(), .body = "SELECT sum(sipHash64(number)) FROM numbers(600000000000)"});
  });
  ASSERT_TRUE(test::eventually([&] {
    return send({.url = store.url(),
                 .body = "SELECT count() FROM system.processes WHERE query LIKE '%600000000000%' AND query "
                         "NOT LIKE '%processes%'"})
               .body == "1\n";
  }));
  EXPECT_EQ(store.stop(), 0);
  EXPECT_THAT(store.log(), HasSubstr("store_stopped"));
}

// A function that works on one block of rows for minutes sees neither KILL nor its client leave.
TEST(StoreProcess, StopsInTimeAlsoWithAQueryThatCantBeEnded) {
  test::TestStore store;
  const Call call{.url = store.url(),
                  .body =
                      "SELECT sum(editDistance(repeat('a', 65000), repeat(char(98 + number % 20), 65000)))"
                      " FROM numbers(500)"};
  std::jthread client([&] { send(call); });
  const auto is_running = [&] {
    return send({.url = store.url(),
                 .body = "SELECT count() FROM system.processes WHERE query LIKE '%editDistance%' AND query "
                         "NOT LIKE '%processes%'"})
               .body == "1\n";
  };
  ASSERT_TRUE(test::eventually(is_running));
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(store.stop(), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(15));
  EXPECT_THAT(store.log(), HasSubstr("store_stop_forced"));
  store.start();
  EXPECT_EQ(send({.url = store.url(), .body = "SELECT 1"}).body, "1\n");
}

// The library's own handlers would turn a crash into a process that hangs.
TEST(StoreProcess, ACrashEndsIt) {
  test::TestStore store;
  ::kill(store.pid(), SIGSEGV);
  EXPECT_TRUE(test::eventually([&] { return !store.running(); }));
}

TEST(StoreProcess, AcknowledgedInsertsSurviveKillMinusNine) {
  test::TestStore store;
  const auto sql = [&](const std::string& text) { return send({.url = store.url(), .body = text}); };
  sql("CREATE DATABASE d");
  ASSERT_EQ(sql("CREATE TABLE d.t (batch UInt32, a UInt32) ENGINE = MergeTree ORDER BY (batch, a)").status,
            200);
  std::vector<int> acknowledged;
  int batch = 0;
  for (int round = 0; round < 10; ++round) {
    std::jthread killer([&, at = batch + 3 + round] {
      test::eventually([&] { return batch >= at; });
      ::kill(store.pid(), SIGKILL);
    });
    for (;; ++batch) {
      const std::string number = std::to_string(batch);
      if (sql("INSERT INTO d.t SELECT " + number + ", number FROM numbers(1000)").status != 200) break;
      acknowledged.push_back(batch);
    }
    ++batch;  // in doubt
    killer.join();
    store.kill();
    store.start();
  }
  const std::string counts = sql("SELECT groupArray(batch) FROM (SELECT batch FROM d.t GROUP BY batch HAVING "
                                 "count() = 1000 ORDER BY batch)")
                                 .body;
  for (const int number : acknowledged) {
    EXPECT_THAT("," + counts.substr(1), HasSubstr("," + std::to_string(number))) << "lost";
  }
  EXPECT_EQ(sql("SELECT count() FROM (SELECT batch FROM d.t GROUP BY batch HAVING count() != 1000)").body,
            "0\n")
      << "half a batch";
  EXPECT_GE(acknowledged.size(), 30u);
}

}  // namespace
}  // namespace freshet::store
