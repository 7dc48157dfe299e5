#include "watch/canary.h"

#include <gtest/gtest.h>

namespace freshet::watch {
namespace {

using namespace std::chrono_literals;

class Canary : public testing::Test {
 protected:
  Readiness now() const { return record_.judge(options_, time_); }

  const CanaryOptions options_{.table = "raw.x", .interval = 10s};
  SteadyTime time_{};
  CanaryRecord record_;
};

TEST_F(Canary, OneThatWasThereAtTheStartProvesNothing) {
  record_.saw({"7", 1s}, time_);
  EXPECT_FALSE(now().ready);
  EXPECT_EQ(now().reason, "no canary has arrived since the start");
}

TEST_F(Canary, ANewOneMakesTheLineReady) {
  record_.saw({"7", 1s}, time_);
  EXPECT_TRUE(record_.saw({"8", 2s}, time_));
  EXPECT_TRUE(now().ready);
  EXPECT_EQ(now().travel_time, 2s);
}

TEST_F(Canary, TheVeryFirstOneCountsWhenTheMirrorWasSeenEmpty) {
  record_.saw({}, time_);
  EXPECT_TRUE(record_.saw({"1", 1s}, time_));
  EXPECT_TRUE(now().ready);
}

TEST_F(Canary, WhenNoneFollowsTheLineIsNotReadyAnyMore) {
  record_.saw({}, time_);
  record_.saw({"1", 1s}, time_);
  time_ += options_.window() + 1s;
  record_.saw({"1", 1s}, time_);
  record_.failed("ClickHouse is away");
  EXPECT_EQ(now().reason, "the last canary arrived 41 s ago: ClickHouse is away");
  EXPECT_TRUE(record_.saw({"2", 1s}, time_));
  EXPECT_TRUE(now().ready);
}

}  // namespace
}  // namespace freshet::watch
