#include "load/fill.h"

#include <gtest/gtest.h>

namespace freshet::load {
namespace {

constexpr KeyId kA = 0;
constexpr KeyId kB = 1;

Version at(std::uint64_t commit) {
  return Version(1, Lsn(commit), Lsn(commit));
}
Version snapshot(std::uint64_t v) {
  return Version(1, Lsn(v), Lsn(0));
}
Image whole(KeyId key, std::uint64_t commit) {
  return {.key = key, .donor = key, .version = at(commit)};
}
Image open(KeyId key, std::uint64_t commit) {
  return {.key = key, .donor = key, .version = at(commit), .open = true};
}
Image tombstone(KeyId key, std::uint64_t commit) {
  return {.key = key, .donor = key, .version = at(commit), .blank = true};
}
Image moved_here(KeyId key, KeyId from, std::uint64_t commit) {
  return {.key = key, .donor = from, .version = at(commit), .open = true};
}
Image during_snapshot(Image image, std::uint64_t v) {
  image.donors_from = snapshot(v);
  return image;
}

std::vector<Filling> fillings(const std::vector<Image>& images, const std::vector<Held>& mirror = {}) {
  std::vector<Filling> result;
  for (const Filled& filled : fill(images, mirror)) result.push_back(filled.filling);
  return result;
}

using enum Filling;
using Fillings = std::vector<Filling>;

TEST(Fill, TakesTheSameKeysLastStateOfTheBatch) {
  const auto filled = fill(std::vector{whole(kA, 1), whole(kB, 2), open(kA, 3), open(kA, 4)}, {});
  EXPECT_EQ(filled[2].filling, batch);
  EXPECT_EQ(filled[2].donor, 0U);
  EXPECT_EQ(filled[3].donor, 2U) << "each from the one before, which may have sent the value";
}

TEST(Fill, TakesTheMirrorsLastVersionAtOrBelowItsOwn) {
  const std::vector<Held> mirror{{kA, at(1)}, {kA, at(3)}, {kA, at(9)}};
  const auto filled = fill(std::vector{open(kA, 5)}, mirror);
  EXPECT_EQ(filled[0].filling, Filling::mirror);
  EXPECT_EQ(filled[0].donor, 1U);
}

TEST(Fill, OfARepeatedRoundTakesItsOwnRow) {
  const std::vector<Held> mirror{{kA, at(5)}};
  EXPECT_EQ(fillings({open(kA, 4), open(kA, 5)}, mirror), (Fillings{superseded, Filling::mirror}));
}

TEST(Fill, NeedsNothingWhereOnlyAHigherVersionIs) {
  EXPECT_EQ(fillings({open(kA, 5)}, {{kA, at(6), true}}), Fillings{superseded});
  EXPECT_EQ(fillings({open(kA, 5), whole(kA, 6)}), (Fillings{superseded, complete}));
  EXPECT_EQ(fillings({open(kA, 5), tombstone(kA, 6)}), (Fillings{superseded, complete}));
}

TEST(Fill, IsMissingWithoutADonor) {
  EXPECT_EQ(fillings({open(kA, 5)}), Fillings{missing});
  EXPECT_EQ(fillings({open(kA, 5)}, {{kA, at(4), true}}), Fillings{missing}) << "a tombstone gives nothing";
  EXPECT_EQ(fillings({tombstone(kA, 4), open(kA, 5)}), (Fillings{complete, missing}));
}

TEST(Fill, OfAChangedKeyComesFromTheOldKey) {
  const auto filled =
      fill(std::vector{tombstone(kA, 5), moved_here(kB, kA, 5)}, std::vector<Held>{{kA, at(2)}});
  EXPECT_EQ(filled[1].filling, Filling::mirror) << "not from the tombstone of the same version";
  EXPECT_EQ(filled[1].donor, 0U);
}

TEST(Fill, OfAChangedKeyPrefersWhatAnEarlierAttemptRecorded) {
  Image image = moved_here(kB, kA, 5);
  image.recorded = 7;
  const auto filled = fill(std::vector{image}, std::vector<Held>{{kA, at(5), true}});
  EXPECT_EQ(filled[0].filling, recorded);
  EXPECT_EQ(filled[0].donor, 7U);
}

TEST(Fill, SurvivesThatTheOldKeyIsUsedAgain) {
  EXPECT_EQ(fillings({whole(kA, 1), tombstone(kA, 5), moved_here(kB, kA, 5), whole(kA, 6)}),
            (Fillings{complete, complete, batch, complete}));
}

TEST(Fill, WhileSnapshottedTakesNothingOlderThanV) {
  EXPECT_EQ(fillings({during_snapshot(open(kA, 15), 10)}, {{kA, at(9)}}), Fillings{waits});
  EXPECT_EQ(fillings({during_snapshot(open(kA, 15), 10)}, {{kA, snapshot(10)}}), Fillings{Filling::mirror});
}

TEST(Fill, EndsTheWaitingWhenTheRowArrives) {
  Image row = whole(kA, 10);
  row.version = snapshot(10);
  EXPECT_EQ(fillings({row, during_snapshot(open(kA, 15), 10), during_snapshot(open(kA, 16), 10)}),
            (Fillings{complete, batch, batch}));
}

TEST(Fill, BelowTheSnapshotIsSuperseded) {
  Image row = whole(kA, 10);
  row.version = snapshot(10);
  EXPECT_EQ(fillings({during_snapshot(open(kA, 8), 10), row}), (Fillings{superseded, complete}));
}

TEST(Fill, KeepsWaitingWhatAnotherKeyWillNeed) {
  // A's value was sent at 15, B needs it once the row of the snapshot has given the others.
  const std::vector<Image> images{during_snapshot(open(kA, 15), 10), tombstone(kA, 18),
                                  during_snapshot(moved_here(kB, kA, 18), 10)};
  EXPECT_EQ(fillings(images), (Fillings{waits, complete, waits}));
  EXPECT_EQ(fillings(images, {{kB, at(20)}}), (Fillings{superseded, complete, superseded}));
}

TEST(Fill, OfAMovedRowThatTheSnapshotReadUnderItsNewKey) {
  EXPECT_EQ(fillings({during_snapshot(moved_here(kB, kA, 18), 10)}, {{kB, snapshot(10)}}),
            Fillings{Filling::mirror});
}

TEST(Fill, TakesNothingFromAnotherRowThatHasTheOldKeyByNow) {
  const Image row{.key = kA, .donor = kA, .version = snapshot(10)};
  const Image moved = during_snapshot(moved_here(kB, kA, 18), 10);
  EXPECT_EQ(fillings({row, tombstone(kA, 18), moved}), (Fillings{complete, complete, batch}));
  EXPECT_EQ(fillings({row, tombstone(kA, 18), moved, whole(kA, 20)}),
            (Fillings{complete, complete, waits, complete}))
      << "the snapshot may have read the row of 20";
  EXPECT_EQ(fillings({moved}, {{kA, snapshot(10)}, {kA, at(20)}}), Fillings{waits});
  EXPECT_EQ(fillings({row, whole(kA, 15), tombstone(kA, 18), moved, whole(kA, 20)}),
            (Fillings{complete, complete, complete, batch, complete}))
      << "what was sent is right";
  EXPECT_EQ(fillings({row, during_snapshot(open(kA, 15), 10), tombstone(kA, 18), moved, whole(kA, 20)}),
            (Fillings{complete, batch, complete, waits, complete}))
      << "right for the key itself, where it is superseded, and for no other";
}

TEST(Fill, OfTheNewestStateTakesTheRowReadByItsKey) {
  Image row{.key = kB, .donor = kB, .version = snapshot(10)};
  const Image moved = during_snapshot(moved_here(kB, kA, 18), 10);
  EXPECT_EQ(fillings({row, tombstone(kB, 15), moved}), (Fillings{complete, complete, waits}))
      << "it may be the row that was removed at 15";
  row.shows = Lsn(20);
  EXPECT_EQ(fillings({row, tombstone(kB, 15), moved, during_snapshot(open(kB, 19), 10)}),
            (Fillings{complete, complete, superseded, batch}));
  EXPECT_EQ(fillings({row, tombstone(kB, 15), moved, tombstone(kB, 19)}),
            (Fillings{complete, complete, superseded, complete}));
  row.shows = Lsn(18);
  EXPECT_EQ(fillings({row, tombstone(kB, 15), moved}), (Fillings{complete, complete, waits}))
      << "it was read before the row came";
}

TEST(Fill, OfAChangedKeyTakesNothingThatMayHaveBeenReplaced) {
  EXPECT_EQ(fillings({moved_here(kB, kA, 18)}, {{kA, at(10)}, {kA, at(20)}}), Fillings{missing})
      << "a state between them may have been merged away";
}

TEST(Fill, DropsARemovalOfARowThatWasNeverSeen) {
  Image gone = open(kA, 10);
  gone.unseen_ok = true;
  EXPECT_EQ(fillings({gone, during_snapshot(open(kA, 15), 10), during_snapshot(open(kA, 16), 10)}),
            (Fillings{unseen, unseen, unseen}))
      << "and what waited for it";
  EXPECT_EQ(fillings({gone}, {{kA, at(3)}}), Fillings{Filling::mirror});
}

TEST(Fill, KeepsARowThatLeftAKeyWhichIsGoneByNow) {
  Image gone = open(kB, 10);
  gone.version = snapshot(10);
  gone.unseen_ok = true;
  Image read = whole(kA, 10);
  read.version = snapshot(10);
  read.shows = Lsn(30);
  const Image there = during_snapshot(moved_here(kB, kA, 15), 10);
  const Image back = during_snapshot(moved_here(kA, kB, 20), 10);
  EXPECT_EQ(fillings({gone, read, there, tombstone(kA, 15), back, tombstone(kB, 20)}),
            (Fillings{unseen, complete, unseen, complete, batch, complete}));
}

TEST(Fill, OfAChangedKeyTakesItsLastStateWhereNoSnapshotCanHaveReadWhatCameAfter) {
  Image there = during_snapshot(moved_here(kB, kA, 15), 5);
  const std::vector<Held> mirror{{kA, at(10)}};
  EXPECT_EQ(fillings({there, tombstone(kA, 15), whole(kA, 20)}, mirror),
            (Fillings{waits, complete, complete}));
  there.after_reading = true;
  EXPECT_EQ(fillings({there, tombstone(kA, 15), whole(kA, 20)}, mirror),
            (Fillings{Filling::mirror, complete, complete}));
}

}  // namespace
}  // namespace freshet::load
