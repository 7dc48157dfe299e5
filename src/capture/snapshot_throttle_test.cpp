#include "capture/snapshot_throttle.h"

#include <gtest/gtest.h>

namespace freshet::capture {
namespace {

using namespace std::chrono_literals;

const SteadyTime kStart{std::chrono::hours(1)};

TEST(Throttle, WithoutLimitsNeverWaits) {
  Throttle throttle(0, 0);
  throttle.spent(kStart, 1'000'000, 1 << 30);
  EXPECT_LE(throttle.not_before(), kStart);
}

TEST(Throttle, KeepsTheStricterOfBothLimits) {
  Throttle throttle(1'000, 1'000'000);
  throttle.spent(kStart, 500, 2'000'000);
  EXPECT_EQ(throttle.not_before(), kStart + 2s);
  throttle.spent(kStart + 1s, 3'000, 10);
  EXPECT_EQ(throttle.not_before(), kStart + 5s) << "what was read before counts";
  throttle.spent(kStart + 60s, 1'000, 10);
  EXPECT_EQ(throttle.not_before(), kStart + 61s) << "an idle time isn't saved up";
}

TEST(Throttle, PausesLongerWhileTheSourceStaysSlowAndRecovers) {
  Throttle throttle(0, 0);
  throttle.probed(kStart, 300us);
  EXPECT_FALSE(throttle.slowed());
  throttle.probed(kStart, 20ms);
  EXPECT_FALSE(throttle.slowed()) << "slower, but nobody would notice";
  throttle.probed(kStart, 80ms);
  EXPECT_EQ(throttle.not_before(), kStart + 100ms);
  throttle.probed(kStart + 1s, 90ms);
  EXPECT_EQ(throttle.not_before(), kStart + 1s + 200ms);
  for (int i = 0; i < 10; ++i) throttle.probed(kStart + 2s, 90ms);
  EXPECT_EQ(throttle.not_before(), kStart + 2s + Throttle::kLongestPause);
  for (int i = 0; i < 10; ++i) throttle.probed(kStart + 20s, 300us);
  EXPECT_FALSE(throttle.slowed());
  EXPECT_LE(throttle.not_before(), kStart + 20s);
}

TEST(Throttle, GetsUsedToASourceThatIsAlwaysSlow) {
  Throttle throttle(0, 0);
  throttle.probed(kStart, 1ms);
  int slow = 0;
  for (int i = 0; i < 1'000; ++i) {
    throttle.probed(kStart, 60ms);
    slow += throttle.slowed();
  }
  EXPECT_GT(slow, 0);
  EXPECT_LT(slow, 100);
}

}  // namespace
}  // namespace freshet::capture
