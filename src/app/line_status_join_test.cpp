#include "app/line_status_join.h"

#include <gtest/gtest.h>

namespace freshet::app {
namespace {

StageLine stage(const std::string& name, const std::string& error = "") {
  StageLine line;
  line.name = name;
  line.state = "running";
  line.error = error;
  return line;
}

StreamLine stream(const std::string& name, const std::string& state) {
  StreamLine line;
  line.name = name;
  line.state = state;
  return line;
}

TEST(LineStatusJoin, SaysOfCaptureWhatItsOwnProcessKnows) {
  LineStatus load;
  load.stages = {stage("store"), stage("load"), stage("control")};
  load.streams = {stream("app.orders", "running"), stream("app.items", "stopped")};
  load.streams[0].rows = 5;
  load.streams[1].error = "doesn't fit";
  LineStatus capture;
  capture.stages = {stage("capture", "the journal is full"), stage("control")};
  capture.streams = {stream("app.orders", "snapshot"), stream("app.items", "snapshot")};
  capture.streams[0].snapshot.emplace().state = "reading";
  capture.streams[0].bytes = 7;
  capture.streams[0].error = "isn't published";
  capture.source.journalled = "0/1";

  load.total.lag_seconds = 0;
  load.cut.committed_at = "2026-01-01T00:00:00Z";
  load.cut.age_seconds = 7;
  load.streams[1].lag_seconds = 0;

  const LineStatus line = joined(load, capture);
  EXPECT_EQ(line.total.lag_seconds, 7) << "capture doesn't receive";
  EXPECT_EQ(line.streams[0].lag_seconds, std::nullopt);
  EXPECT_EQ(line.streams[1].lag_seconds, 7);
  ASSERT_EQ(line.stages.size(), 4u);
  EXPECT_EQ(line.stages[0].error, "the journal is full");
  EXPECT_EQ(line.source.journalled, "0/1");
  EXPECT_EQ(line.streams[0].state, "snapshot");
  EXPECT_EQ(line.streams[0].rows, 5u);
  EXPECT_EQ(line.streams[0].bytes, 7u);
  EXPECT_EQ(line.streams[0].error, "isn't published");
  EXPECT_EQ(line.streams[1].error, "doesn't fit");
  EXPECT_TRUE(line.streams[0].snapshot);
  EXPECT_EQ(line.streams[1].state, "stopped") << "what stands isn't hidden by its snapshot";
  EXPECT_FALSE(is_loaded(line));
}

}  // namespace
}  // namespace freshet::app
