// The status page in a real browser: headless Chromium opens it from a real StatusServer, and what it made of
// the status is compared with what was served.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/line_status_json.h"
#include "serve/status_server.h"
#include "support/files.h"
#include "support/process.h"

namespace freshet {
namespace {

using testing::HasSubstr;
using testing::Not;

app::LineStatus sample() {
  app::LineStatus status;
  status.project = "adshop";
  status.version = "0.1.0";
  status.uptime_seconds = 754;
  status.ready = {true, "", 0.31};
  status.stages = {{"capture", "running", 754, 0, "", ""},
                   {"load", "running", 754, 0, "", ""},
                   {"store", "running", 750, 1, "", ""}};
  status.total = {1'234'567, 4'321, 1.2e6, 0.4, 34'000};
  status.journal = {.kafka = {}, .bytes = 3'400'000'000, .limit = 21'474'836'480};
  status.cut = {"0/3A7F21C8", "2026-11-22T16:10:11.123456Z", 0.4, 812};
  status.endpoints = {"postgres://app@db.example/shop", "http://127.0.0.1:8123", "http://127.0.0.1:8080"};
  app::StreamLine orders;
  orders.name = "app.orders", orders.mirror = "raw.orders", orders.state = "running";
  orders.rows = 120'000, orders.rows_per_second = 310;
  orders.bytes = 90'000, orders.bytes_per_second = 1'200;
  orders.lag_seconds = 0.4, orders.lag_bytes = 900;
  app::StreamLine views;
  views.name = "app.page_views", views.mirror = "raw.page_views", views.state = "snapshot";
  views.snapshot = app::SnapshotLine{"reading", false, "0/2A", 5'400'000, 9'000'000, 0.6, 131'000, 27, ""};
  status.streams = {orders, views};
  return status;
}

// The page's elements once it has polled: scripts run on virtual time, so nothing waits by the clock.
class Page : public testing::Test {
 protected:
  std::string dom() { return browse({"--dump-dom"}); }

  std::string browse(const std::vector<std::string>& wanted) {
    const serve::StatusServer server("127.0.0.1", 0,
                                     {.status_json = [this] { return app::to_json(status_); },
                                      .metrics = [] { return std::string(); },
                                      .not_ready_because = [] { return std::string(); }});
    const std::string output = folder_.path() + "/dom.html";
    std::vector<std::string> arguments{"chromium",
                                       "--headless",
                                       "--no-sandbox",
                                       "--disable-gpu",
                                       "--user-data-dir=" + folder_.path() + "/profile",
                                       "--virtual-time-budget=2500",
                                       "--window-size=1280,1000"};
    arguments.insert(arguments.end(), wanted.begin(), wanted.end());
    arguments.push_back(server.url() + "/");
    EXPECT_EQ(test::run({.arguments = arguments, .environment = {}, .output = output, .user = {}}), 0);
    return test::contents(output);
  }

  test::TempDir folder_;
  app::LineStatus status_ = sample();
};

TEST_F(Page, ShowsTheLineAsItIs) {
  const std::string page = dom();
  EXPECT_THAT(page, HasSubstr(">ready</span>"));
  EXPECT_THAT(page, HasSubstr("app.orders"));
  EXPECT_THAT(page, HasSubstr("4,321"));
  EXPECT_THAT(page, HasSubstr("3.4 GB of 21.5 GB"));
  EXPECT_THAT(page, HasSubstr("0/3A7F21C8"));
  EXPECT_THAT(page, HasSubstr("aria-valuenow=\"60\""));
  EXPECT_THAT(page, HasSubstr("00:00:27"));
}

TEST_F(Page, ShowsEveryErrorWithItsNextStep) {
  status_.ready = {false, "the last canary arrived 95 s ago", std::nullopt};
  status_.stages[0] = {
      "capture", "failed", 3, 2, "wal_level is replica", "set wal_level = logical and restart"};
  status_.streams[0].state = "stopped";
  status_.streams[0].error = "column total_amount was dropped";
  status_.streams[0].hint = "mend contracts/orders.yaml";
  const std::string page = dom();
  EXPECT_THAT(page, HasSubstr("not ready: the last canary arrived 95 s ago"));
  EXPECT_THAT(page, HasSubstr("capture (failed): wal_level is replica"));
  EXPECT_THAT(page, HasSubstr("Next step: set wal_level = logical and restart"));
  EXPECT_THAT(page, HasSubstr("app.orders: column total_amount was dropped"));
}

TEST_F(Page, SaysThatALagIsNotKnown) {
  status_.streams[0].lag_seconds.reset();
  EXPECT_THAT(dom(), HasSubstr("<td>unknown</td><td>?</td>"));
}

TEST_F(Page, TakesNamesAsTextNotAsMarkup) {
  status_.streams[0].name = "app.<img src=x onerror=alert(1)>";
  const std::string page = dom();
  EXPECT_THAT(page, HasSubstr("app.&lt;img src=x"));
  EXPECT_THAT(page, Not(HasSubstr("<img")));
}

}  // namespace
}  // namespace freshet
