// /readyz from end to end: false while data doesn't flow, whatever still runs, and true again by itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <regex>

#include "freshet_process.h"
#include "support/files.h"

namespace freshet::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;

constexpr const char* kItem = "CREATE TABLE item (id bigint PRIMARY KEY, name text)";

bool becomes(const std::string& http, int readyz) {
  return eventually([&] { return http_get(http, "/readyz").status == readyz; }, 90s);
}

// The embedded engine's process.
pid_t store_of(const Installation& line) {
  std::smatch match;
  const std::string log = contents(line.data() + "/log/up.jsonl");
  return std::regex_search(log, match, std::regex(R"("event":"store_started","pid":(\d+))"))
             ? std::stoi(match[1])
             : throw std::runtime_error("no store: " + log);
}

// Capture alone writes no endpoints.json: nobody reads a mirror there.
std::string http_of(const Installation& line) {
  std::optional<app::LineStatus> status;
  eventually([&] { return (status = line.status()).has_value(); }, 60s);
  return status ? status->endpoints.http : throw std::runtime_error(line.output("capture"));
}

TEST(Readiness, EndsWithAnEngineThatHangsAndComesBackWithIt) {
  TestDatabase database;
  const Installation line(database, kItem);
  const auto up = line.start();
  const std::string http = line.endpoints(*up).http;
  ASSERT_TRUE(becomes(http, 200)) << line.output();

  const pid_t store = store_of(line);
  kill(store, SIGSTOP);
  EXPECT_TRUE(becomes(http, 503));
  EXPECT_THAT(http_get(http, "/readyz").body, HasSubstr("the last canary arrived"));
  EXPECT_THAT(http_get(http, "/metrics").body, HasSubstr("freshet_ready 0"));
  EXPECT_EQ(http_get(http, "/healthz").status, 200);
  kill(store, SIGCONT);
  EXPECT_TRUE(becomes(http, 200)) << http_get(http, "/readyz").body << line.output();
}

TEST(Readiness, OfCaptureAloneEndsWithItsSource) {
  PostgresServer server;
  TestDatabase database(server.url());
  const Installation line(database, kItem);
  const auto capture = line.start("capture");
  const std::string http = http_of(line);
  ASSERT_TRUE(becomes(http, 200)) << line.output("capture");
  EXPECT_THAT(http_get(http, "/metrics").body, HasSubstr("freshet_ready 1"));

  server.stop();
  EXPECT_TRUE(becomes(http, 503));
  EXPECT_THAT(http_get(http, "/readyz").body, HasSubstr("capture"));
  server.start();
  EXPECT_TRUE(becomes(http, 200)) << http_get(http, "/readyz").body;
  EXPECT_EQ(capture->stop(SIGTERM, 30s), 0);
}

// Whoever started it may not have seen its page yet: the set-up was never right.
TEST(Readiness, AWrongSetUpBehindASourceThatWasAwayEndsCapture) {
  PostgresServer server({"wal_level = replica"});
  TestDatabase database(server.url());
  const Installation line(database, kItem);
  server.stop();
  const auto capture = line.start("capture");
  const std::string http = http_of(line);
  EXPECT_EQ(http_get(http, "/readyz").status, 503);
  server.start();
  EXPECT_EQ(capture->wait(60s), 1);
  EXPECT_THAT(line.output("capture"), AllOf(HasSubstr("wal_level"), HasSubstr("->")));
}

}  // namespace
}  // namespace freshet::test
