#include "load/pace.h"

#include <gtest/gtest.h>

namespace freshet::load {
namespace {

using std::chrono::milliseconds;

TEST(Pace, GrowsUnderABacklogAndShrinksWhenRoundsTakeLong) {
  Pace pace({.bytes_min = 100,
             .bytes_max = 400,
             .round_aim = milliseconds(1000),
             .gap = milliseconds(100),
             .gap_max = milliseconds(300)});
  pace.finished(10, milliseconds(20));
  EXPECT_EQ(pace.bytes(), 100U) << "little came: stay small";
  pace.finished(100, milliseconds(200));
  pace.finished(200, milliseconds(400));
  pace.finished(400, milliseconds(400));
  EXPECT_EQ(pace.bytes(), 400U);
  pace.finished(400, milliseconds(700));
  EXPECT_EQ(pace.bytes(), 400U);
  pace.finished(400, milliseconds(1500));
  EXPECT_EQ(pace.bytes(), 200U);
}

TEST(Pace, LetsChangesGatherBetweenShortRounds) {
  const Pace pace({.bytes_min = 100,
                   .bytes_max = 400,
                   .round_aim = milliseconds(1000),
                   .gap = milliseconds(100),
                   .gap_max = milliseconds(300),
                   .gap_full = milliseconds(100)});
  EXPECT_EQ(pace.wait_after(10, milliseconds(30)), milliseconds(70));
  EXPECT_EQ(pace.wait_after(10, milliseconds(120)), milliseconds(120));
  EXPECT_EQ(pace.wait_after(10, milliseconds(200)), milliseconds(100));
  EXPECT_EQ(pace.wait_after(10, milliseconds(400)), milliseconds(0));
  EXPECT_EQ(pace.wait_after(100, milliseconds(30)), milliseconds(0)) << "a backlog";
}

TEST(Pace, KeepsAGapThatIsLongerThanRoundsEverMakeIt) {
  const Pace pace({.bytes_min = 100, .gap = milliseconds(10'000), .gap_max = milliseconds(300)});
  EXPECT_EQ(pace.wait_after(10, milliseconds(30)), milliseconds(9'970));
}

TEST(Pace, LetsMoreGatherTheMoreComes) {
  const Pace pace({.bytes_min = 1000,
                   .bytes_max = 4000,
                   .round_aim = milliseconds(1000),
                   .gap = milliseconds(100),
                   .gap_max = milliseconds(300),
                   .gap_full = milliseconds(500),
                   .full_bytes = 200});
  EXPECT_EQ(pace.wait_after(0, milliseconds(0)), milliseconds(100));
  EXPECT_EQ(pace.wait_after(100, milliseconds(0)), milliseconds(300));
  EXPECT_EQ(pace.wait_after(200, milliseconds(150)), milliseconds(350));
  EXPECT_EQ(pace.wait_after(400, milliseconds(600)), milliseconds(0)) << "long rounds make their own gap";
}

}  // namespace
}  // namespace freshet::load
