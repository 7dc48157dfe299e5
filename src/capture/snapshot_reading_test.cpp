#include "capture/snapshot_reading.h"

#include <gtest/gtest.h>

namespace freshet::capture {
namespace {

using namespace std::chrono_literals;

constexpr ChunkAim kAim{.bytes = 1'000'000, .rows = 0, .time = 1'000ms};

std::shared_ptr<TablePlan> plan_of(const std::vector<std::uint32_t>& blocks) {
  auto made = std::make_shared<TablePlan>();
  TablePlan& plan = *made;
  for (const std::uint32_t count : blocks) {
    const auto oid = static_cast<std::uint32_t>(100 + plan.leaves.size());
    plan.leaves.push_back({oid, "leaf", "", std::to_string(oid), count});
  }
  return made;
}

TEST(Reading, ClaimsEveryPageOnceInAnyOrderOfTaking) {
  Reading reading(plan_of({200, 0, 100}), Lsn(7), 0, kAim);
  std::vector<Claim> claims;
  while (const auto claim = reading.claim()) claims.push_back(*claim);
  ASSERT_EQ(claims.size(), 6u);  // 64 + 64 + 64 + 8, 64 + 36
  EXPECT_TRUE(reading.all_claimed());
  for (std::size_t i = claims.size(); i-- > 0;) {
    const Reading::Taken taken = reading.take(claims[i]);
    EXPECT_EQ(taken.first, i == claims.size() - 1);
    EXPECT_EQ(taken.last, i == 0);
  }
  EXPECT_TRUE(reading.progress().complete);
  EXPECT_EQ(reading.share(), 1.0);
}

TEST(Reading, AnEmptyTableBeginsAndEndsWithOneChunk) {
  for (const auto& plan : {plan_of({0}), plan_of({0, 0}), plan_of({})}) {
    Reading reading(plan, Lsn(7), 1, kAim);
    const auto claim = reading.claim();
    ASSERT_TRUE(claim);
    EXPECT_EQ(claim->blocks.count(), 0u);
    EXPECT_FALSE(reading.claim());
    const Reading::Taken taken = reading.take(*claim);
    EXPECT_TRUE(taken.first && taken.last);
  }
}

TEST(Reading, ResumesWithWhatWasNotTakenWhereverItStopped) {
  const auto plan = plan_of({300, 150});
  for (int stop_after = 1; stop_after < 8; ++stop_after) {
    Reading before(plan, Lsn(7), 1, kAim);
    std::vector<Claim> claims;
    while (const auto claim = before.claim()) claims.push_back(*claim);
    ASSERT_EQ(claims.size(), 8u);
    for (int i = 0; i < stop_after; ++i) before.take(claims[static_cast<std::size_t>(i * 3 % 8)]);

    auto after = Reading::resume(plan, decode_progress(encode(before.progress())), kAim);
    ASSERT_TRUE(after);
    EXPECT_EQ(after->v(), Lsn(7));
    EXPECT_EQ(after->flags(), 1);
    bool last = false;
    while (const auto claim = after->claim()) {
      const Reading::Taken taken = after->take(*claim);
      EXPECT_FALSE(taken.first);
      last = taken.last;
    }
    EXPECT_TRUE(last);
    EXPECT_EQ(after->progress().leaves[0].taken.count(), 300u);
    EXPECT_EQ(after->progress().leaves[1].taken.count(), 150u);
  }
}

TEST(Reading, DoesNotResumeOnAnotherTable) {
  const TableProgress progress = Reading(plan_of({300}), Lsn(7), 0, kAim).progress();
  const auto rewritten = plan_of({300});
  rewritten->leaves[0].identity = "rewritten";
  EXPECT_FALSE(Reading::resume(rewritten, progress, kAim));
  EXPECT_FALSE(Reading::resume(plan_of({300, 10}), progress, kAim));
}

TEST(Reading, ReadsALeafThatHasAnotherFileFromItsBeginning) {
  const auto plan = plan_of({100, 50});
  Reading reading(plan, Lsn(7), 0, kAim);
  const Claim first = *reading.claim();
  const Claim second = *reading.claim();
  reading.take(first);
  const auto now = plan_of({70, 50});
  now->leaves[0].identity = "rewritten";
  EXPECT_FALSE(reading.stale(*plan, second));
  EXPECT_TRUE(reading.replace_leaf(second, *now));
  EXPECT_TRUE(reading.stale(*plan, second)) << "what another worker reads of the old file is of no use";
  EXPECT_EQ(reading.plan()->leaves[0].identity, "rewritten");
  EXPECT_EQ(reading.blocks_unclaimed(), 120u);
  bool last = false;
  while (const auto claim = reading.claim()) {
    EXPECT_FALSE(last);
    EXPECT_FALSE(reading.stale(*reading.plan(), *claim));
    last = reading.take(*claim).last;
  }
  EXPECT_TRUE(last);
  EXPECT_EQ(reading.progress().leaves[0].taken.count(), 70u);
  EXPECT_EQ(reading.v(), Lsn(7));
}

TEST(Reading, IsDoneWithLeavesThatHaveLeft) {
  const auto plan = plan_of({100, 50});
  Reading reading(plan, Lsn(7), 0, kAim);
  const Claim of_first = *reading.claim();
  auto now = plan_of({100, 50});
  now->leaves.erase(now->leaves.begin());
  EXPECT_TRUE(reading.replace_leaf(of_first, *now));
  const Claim of_second = *reading.claim();
  EXPECT_EQ(of_second.leaf, 1u);
  EXPECT_FALSE(reading.claim());
  now->leaves.clear();
  EXPECT_TRUE(reading.replace_leaf(of_second, *now));
  const auto end = reading.claim();
  ASSERT_TRUE(end);
  EXPECT_EQ(end->leaf, Claim::kNoLeaf);
  EXPECT_FALSE(reading.stale(*plan, *end));
  const Reading::Taken taken = reading.take(*end);
  EXPECT_TRUE(taken.first && taken.last);
}

TEST(Reading, GoesOnInALeafWithAnotherName) {
  Reading reading(plan_of({100}), Lsn(7), 0, kAim);
  reading.take(*reading.claim());
  const Claim rest = *reading.claim();
  const auto now = plan_of({120});
  now->leaves[0].name = "renamed";
  EXPECT_FALSE(reading.replace_leaf(rest, *now));
  EXPECT_FALSE(reading.stale(*now, rest));
  EXPECT_EQ(reading.plan()->leaves[0].name, "renamed");
  EXPECT_EQ(reading.blocks_unclaimed(), 36u);
  EXPECT_TRUE(reading.take(*reading.claim()).last);
}

TEST(Reading, SuitsChunksToTheirAim) {
  Reading reading(plan_of({1'000'000}), Lsn(7), 0, kAim);
  const auto pages = [&] { return reading.claim()->blocks.count(); };
  EXPECT_EQ(pages(), 64u);
  reading.read(10, 100'000, 10ms);
  EXPECT_EQ(pages(), 128u);
  reading.read(10, 900'000, 10ms);
  EXPECT_EQ(pages(), 128u);
  reading.read(10, 2'100'000, 10ms);
  EXPECT_EQ(pages(), 64u);
  reading.read(10, 100'000, 2'100ms);
  EXPECT_EQ(pages(), 32u);
  for (int i = 0; i < 10; ++i) reading.smaller_chunks();
  EXPECT_EQ(pages(), 1u);
}

}  // namespace
}  // namespace freshet::capture
