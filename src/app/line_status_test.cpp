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
using testing::ContainsRegex;
using testing::Each;
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

TEST(LineStatus, HasFailedWhenAStageWontGoOnByItself) {
  LineStatus status;
  StageLine& capture = status.stages.emplace_back();
  for (const auto goes_on : {StageState::running, StageState::retrying, StageState::waiting_for_operator}) {
    capture.state = to_string(goes_on);
    EXPECT_FALSE(has_failed(status)) << capture.state;
  }
  capture.state = to_string(StageState::failed);
  EXPECT_TRUE(has_failed(status));
}

TEST(LineStatus, SaysWhyItIsNotLoaded) {
  LineStatus status;
  status.ready.ready = true;
  EXPECT_EQ(not_loaded_because(status), "");
  StreamLine& orders = status.streams.emplace_back();
  orders.name = "app.orders";
  orders.snapshot.emplace().state = "blocked";
  orders.snapshot->note = "waits for pid 123";
  EXPECT_EQ(not_loaded_because(status), "the snapshot of app.orders is blocked: waits for pid 123");
  orders.snapshot->state = "complete";
  orders.snapshot->v = "0/2A";
  EXPECT_EQ(not_loaded_because(status), "the snapshot of app.orders isn't in its mirror yet");
  status.ready = {false, "no canary has arrived", {}};
  EXPECT_EQ(not_loaded_because(status), "not ready: no canary has arrived");
  status.stages.push_back({"capture", "failed", 3, 0, "the slot isn't ours", "name another"});
  EXPECT_EQ(not_loaded_because(status), "capture has failed: the slot isn't ours (name another)");
  status.ready.ready = true;
  status.streams.clear();
  EXPECT_FALSE(is_loaded(status)) << "what comes now doesn't get through";
}

TEST(LineStatusText, ANameCannotForgeALine) {
  LineStatus status = sample();
  status.streams[0].name = "public.a\nfreshet: all is well\x1b[2J";
  status.streams[0].error = "no\nsuch";
  status.streams[0].lag_bytes = 1;
  for (const auto& lines :
       {picture(status, {.color = false, .width = 200, .height = 100}), plain_lines(status)})
    EXPECT_THAT(lines, Each(Not(ContainsRegex("[[:cntrl:]]"))));
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

TEST(LineStatus, AStreamThatStandsLagsByTheAgeOfItsOwnCut) {
  const WallTime now{std::chrono::hours(500'000)};
  const auto committed = [&](std::chrono::seconds ago) {
    return std::chrono::duration_cast<std::chrono::microseconds>((now - ago).time_since_epoch()).count();
  };
  LineStatus status;
  status.uptime_seconds = 30;
  load::LoadStatus load;
  load.cut_committed_at = committed(2s);
  const auto add = [&](const char* name, load::StreamState state, Micros cut_committed_at) {
    status.streams.emplace_back().name = name;
    load::TableStatus& table = load.tables.emplace_back();
    table.stream = name;
    table.state = state;
    table.cut_committed_at = cut_committed_at;
  };
  add("app.orders", load::StreamState::running, committed(2s));
  add("app.prices", load::StreamState::stopped, committed(3'600s));
  add("app.shapes", load::StreamState::gap, committed(7'200s));
  add("app.never", load::StreamState::stopped, 0);
  add("app.quiet", load::StreamState::stopped, committed(3'600s));
  add("app.late", load::StreamState::catching_up, committed(600s));
  add("app.broken", load::StreamState::quarantined, committed(900s));
  add("app.unswept", load::StreamState::unswept, committed(1'200s));
  add_load(status, load, now);
  add_lag(status, {{"app.orders", 1}, {"app.prices", 1}, {"app.never", 1}, {"app.late", 1}});
  std::vector<double> lags;
  for (const StreamLine& stream : status.streams) lags.push_back(stream.lag_seconds.value());
  // A gap's records are gone from the journal, those in quarantine were read from it; what stands with
  // nothing ahead misses nothing.
  EXPECT_THAT(lags, testing::ElementsAre(2, 3'600, 7'200, 30, 0, 600, 900, 1'200));
  EXPECT_EQ(status.total.lag_seconds, 2) << "the line's own";
}

// What the source has committed since isn't in the journal.
TEST(LineStatus, WithoutCaptureAllLagByWhatWasLoadedLast) {
  const WallTime now{std::chrono::hours(500'000)};
  LineStatus status;
  status.streams.resize(2);
  status.streams[0].name = "app.orders";
  status.streams[1].name = "app.stopped";
  status.stages = {{"capture", "running", 754, 0, "", ""}};
  load::LoadStatus load;
  load.cut_committed_at =
      std::chrono::duration_cast<std::chrono::microseconds>((now - 40s).time_since_epoch()).count();
  load.tables.resize(2);
  load.tables[0].stream = "app.orders";
  load.tables[1].stream = "app.stopped";
  load.tables[1].state = load::StreamState::stopped;
  load.tables[1].cut_committed_at = load.cut_committed_at - 60'000'000;
  add_load(status, load, now);
  EXPECT_THAT(plain_lines(status), Contains(HasSubstr("lag_s=unknown"))) << "before load knows its positions";
  add_lag(status, {});
  LineStatus receives = status;
  receives.source.receives = true;
  add_silence(receives);
  EXPECT_EQ(receives.streams[0].lag_seconds, 0);
  EXPECT_EQ(receives.streams[1].lag_seconds, 0);

  add_silence(status);
  EXPECT_EQ(status.total.lag_seconds, 40);
  EXPECT_EQ(status.streams[0].lag_seconds, 40);
  EXPECT_EQ(status.streams[1].lag_seconds, 100);
  EXPECT_EQ(status.streams[0].state, "running");
  status.stages[0].state = "failed";
  add_silence(status);
  EXPECT_EQ(status.streams[0].state, "waiting");
  EXPECT_EQ(status.streams[1].state, "stopped");
  EXPECT_TRUE(hears_heartbeats(status, 11s));
  EXPECT_FALSE(hears_heartbeats(status, 5s));
}

TEST(LineStatus, ATableThatCaptureCannotReadHasItsErrorAndTheNextStep) {
  LineStatus status;
  status.streams.resize(2);
  status.streams[0].name = "app.orders";
  status.streams[1].name = "app.prices";
  status.streams[1].error = "stands";
  capture::CaptureStatus capture;
  capture.problems = {{"app.orders", "it isn't published", "publish it"}, {"app.prices", "gone", "make it"}};
  CaptureDescriber().add(status, capture, SteadyTime());
  EXPECT_EQ(status.streams[0].error, "it isn't published");
  EXPECT_EQ(status.streams[0].hint, "publish it");
  EXPECT_EQ(status.streams[1].error, "stands") << "what stands says why itself";
}

TEST(LineStatus, SaysThatNobodyLooksAtTheTables) {
  LineStatus status;
  status.stages.resize(1);
  status.stages[0].name = "capture";
  status.stages[0].state = "running";
  capture::CaptureStatus capture;
  capture.look_error = "no answer within 10000 ms";
  CaptureDescriber().add(status, capture, SteadyTime());
  EXPECT_EQ(status.stages[0].error, "no answer within 10000 ms");
  EXPECT_THAT(status.stages[0].hint, HasSubstr("the stream doesn't tell"));
}

TEST(LineStatus, CaptureAloneIsReadyOnlyWhileItReceivesAndItsSlotMoves) {
  EXPECT_FALSE(capture_readiness(std::nullopt).ready) << "between two runs";
  capture::CaptureStatus capture;
  EXPECT_FALSE(capture_readiness(capture).ready) << "it only starts";
  capture.state = capture::CaptureState::streaming;
  EXPECT_TRUE(capture_readiness(capture).ready);
  capture.heartbeat_error = "read-only";
  EXPECT_THAT(capture_readiness(capture).reason, HasSubstr("read-only"));
  capture.state = capture::CaptureState::reconnecting;
  capture.error = "connection refused";
  EXPECT_FALSE(capture_readiness(capture).ready);
  EXPECT_THAT(capture_readiness(capture).reason, HasSubstr("reconnecting): connection refused"));
  capture.state = capture::CaptureState::journal_full;
  EXPECT_FALSE(capture_readiness(capture).ready);
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
