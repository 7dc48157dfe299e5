#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/describe.h"
#include "app/line_status_json.h"
#include "app/line_status_text.h"
#include "app/rate_meter.h"
#include "base/error.h"

namespace freshet::app {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

LineStatus sample() {
  LineStatus status;
  status.project = "adshop";
  status.ready = {false, "no canary yet", 0.25};
  status.stages = {{"capture", "retrying", 3, 2, "can't connect", "start PostgreSQL"}};
  StreamLine orders;
  orders.name = "app.orders";
  orders.rows = 1'234'567;
  orders.snapshot = SnapshotLine{"reading", false, "0/2A", 600, 1000, 0.6, 100, 4.0, ""};
  status.streams = {orders, StreamLine{}};
  return status;
}

TEST(LineStatusJson, ReadsBackWhatItWrote) {
  const std::string json = to_json(sample());
  EXPECT_EQ(to_json(line_status_from_json(json)), json);
  EXPECT_THAT(json, HasSubstr(R"("rows":1234567)"));
  EXPECT_THAT(json, HasSubstr(R"("snapshot":null)"));
}

TEST(LineStatusJson, ReadsAnotherVersionsAnswer) {
  EXPECT_EQ(line_status_from_json(R"({"project":"p","something_new":1})").project, "p");
  EXPECT_THROW(line_status_from_json("{"), Error);
}

TEST(LineStatus, IsLoadedWhenTheMirrorsHaveTheirSnapshotsNotTheJournal) {
  LineStatus status;
  status.ready.ready = true;
  StreamLine& orders = status.streams.emplace_back();
  orders.snapshot.emplace().state = "complete";
  orders.snapshot->v = "0/2A";
  EXPECT_FALSE(is_loaded(status)) << "journalled, none of it loaded";
  orders.snapshot_loaded = "0/29";
  EXPECT_FALSE(is_loaded(status)) << "an earlier one is loaded";
  orders.snapshot_loaded = "0/2A";
  EXPECT_TRUE(is_loaded(status));
  orders.snapshot->state = "reading";
  EXPECT_FALSE(is_loaded(status));
  orders.error = "doesn't fit";
  EXPECT_TRUE(is_loaded(status)) << "what stands isn't waited for";
  status.ready.ready = false;
  EXPECT_FALSE(is_loaded(status));
}

TEST(LineStatusText, PictureFitsTheTerminal) {
  LineStatus status = sample();
  status.streams.resize(500, status.streams[0]);
  const auto lines = picture(status, {.color = false, .width = 60, .height = 24});
  EXPECT_LE(lines.size(), 24u);
  for (const std::string& line : lines) EXPECT_LE(line.size(), 60u * 4) << line;
  EXPECT_THAT(lines, Contains(HasSubstr("more streams")));
}

TEST(LineStatusText, ShowsEachStreamsLagInSecondsAndBytes) {
  LineStatus status;
  status.streams.resize(2);
  status.streams[0].name = "app.orders";
  status.streams[1].name = "app.carts";
  status.cut.committed_at = "2026-01-01T00:00:00Z";
  status.cut.age_seconds = 61.5;
  add_lag(status, {{"app.orders", 2'500'000}, {"freshet.canary", 100}});
  EXPECT_EQ(status.total.lag_bytes, 2'500'100u);
  const auto lines = picture(status, {.color = false, .width = 120, .height = 40});
  EXPECT_THAT(lines, Contains(AllOf(HasSubstr("app.orders"), HasSubstr(" 61.5    2.5 MB"))));
  EXPECT_THAT(lines, Contains(AllOf(HasSubstr("app.carts"), HasSubstr("  0.0       0 B"))));
}

TEST(LineStatusText, APlainLineForEachStreamThatMovesOrLags) {
  LineStatus status;
  status.streams.resize(3);
  status.streams[0].name = "app.orders";
  status.streams[0].rows_per_second = 12.5;
  status.streams[1].name = "app.carts";
  status.streams[1].lag_bytes = 7;
  status.streams[2].name = "app.shops";
  EXPECT_THAT(plain_lines(status),
              AllOf(Contains(HasSubstr("stream app.orders rows=0 rows/s=12.5 ")),
                    Contains(AllOf(HasSubstr("stream app.carts "), HasSubstr(" lag_bytes=7"))),
                    Not(Contains(HasSubstr("app.shops")))));
}

TEST(LineStatusText, SaysWhatFailedAndTheNextStep) {
  const auto lines = picture(sample(), {.color = false, .width = 120, .height = 40});
  EXPECT_THAT(lines, Contains("capture retrying: can't connect"));
  EXPECT_THAT(lines, Contains("  -> start PostgreSQL"));
  EXPECT_THAT(plain_lines(sample()),
              Contains(HasSubstr("snapshot app.orders reading rows=600 of=1000 share=60%")));
}

TEST(LineStatusText, NumbersReadWell) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1'234'567), "1,234,567");
  EXPECT_EQ(human_bytes(999), "999 B");
  EXPECT_EQ(human_bytes(1.25e9), "1.2 GB");
  EXPECT_EQ(clock_time(3725.9), "01:02:05");
}

TEST(RateMeter, MeasuresOverTheLastSecondsAndSurvivesARestartOfItsCounter) {
  RateMeter meter;
  SteadyTime now{};
  EXPECT_EQ(meter.update(0, now), 0);
  for (std::uint64_t i = 1; i <= 20; ++i) EXPECT_DOUBLE_EQ(meter.update(i * 100, now += 1s), 100);
  EXPECT_EQ(meter.update(5, now += 1s), 0);
  EXPECT_DOUBLE_EQ(meter.update(55, now += 1s), 50);
}

}  // namespace
}  // namespace freshet::app
