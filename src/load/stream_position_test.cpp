#include "load/stream_position.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace freshet::load {
namespace {

journal::Watermark watermark(std::uint64_t generation, std::uint64_t lsn) {
  journal::Watermark mark;
  mark.generation = Generation(generation);
  mark.epoch = 1;
  mark.commit_lsn = Lsn(lsn);
  return mark;
}

class Judging : public testing::Test {
 protected:
  Change change(std::uint64_t generation, std::uint64_t commit, std::uint64_t lsn, Op op = Op::update) {
    Change change;
    change.op = op;
    change.epoch = 1;
    change.generation = Generation(generation);
    change.commit_lsn = Lsn(commit);
    change.change_lsn = Lsn(lsn);
    change.schema = &schema;
    return change;
  }

  TableSchema schema{1, "app", "t", ReplicaIdentity::primary_key, {}};
  StreamPosition position{1, Lsn(100)};
};

TEST_F(Judging, DropsWhatTheRecordedCutHas) {
  EXPECT_EQ(position.judge(change(1, 100, 99), watermark(1, 200)), Fate::redelivery);
  EXPECT_EQ(position.judge(change(1, 101, 90), watermark(1, 200)), Fate::apply)
      << "commit order, not WAL order";
}

TEST_F(Judging, LetsASnapshotsRowsPassBelowTheCut) {
  EXPECT_EQ(position.judge(change(1, 50, 0, Op::snapshot_row), watermark(1, 200)), Fate::apply);
}

TEST_F(Judging, DropsLeftoversAboveTheWatermark) {
  EXPECT_EQ(position.judge(change(1, 201, 150), watermark(2, 200)), Fate::leftover);
  EXPECT_EQ(position.judge(change(1, 201, 0, Op::snapshot_row), watermark(2, 200)), Fate::leftover);
}

TEST_F(Judging, RefusesAWatermarkThatIsBelowItsOwnRecords) {
  EXPECT_THROW(position.judge(change(2, 201, 150), watermark(2, 200)), Error);
}

TEST_F(Judging, DropsWhatASuccessorAppendedAgainWithinTheRound) {
  const journal::Watermark to = watermark(2, 200);
  for (const std::uint64_t lsn : {110, 112}) EXPECT_EQ(position.judge(change(1, 120, lsn), to), Fate::apply);
  EXPECT_EQ(position.judge(change(2, 120, 110), to), Fate::redelivery);
  EXPECT_EQ(position.judge(change(2, 120, 112), to), Fate::apply)
      << "rows of one multi-insert share a version";
  EXPECT_EQ(position.judge(change(2, 120, 114), to), Fate::apply);
}

TEST_F(Judging, AHigherEpochBeginsAnew) {
  Change promoted = change(2, 5, 5);
  promoted.epoch = 2;
  journal::Watermark to = watermark(2, 10);
  to.epoch = 2;
  EXPECT_EQ(position.judge(promoted, to), Fate::apply);
}

TEST_F(Judging, KnowsAStreamWholeBetweenTwoTransactions) {
  const journal::Watermark to = watermark(2, 200);
  EXPECT_EQ(position.whole_before(change(1, 120, 110), to)->lsn, Lsn(100));
  position.judge(change(1, 120, 110), to);
  EXPECT_FALSE(position.whole_before(change(1, 120, 112), to));
  EXPECT_FALSE(position.whole_before(change(2, 110, 105), to)) << "comes again: 120 may have been cut short";
  EXPECT_FALSE(position.whole_before(change(2, 120, 112), to));
  EXPECT_EQ(position.whole_before(change(2, 121, 111), to)->lsn, Lsn(120));
  EXPECT_FALSE(position.whole_before(change(1, 201, 150), to)) << "a leftover";
}

TEST_F(Judging, KnowsAStreamWholeBetweenRowsOfASnapshot) {
  const journal::Watermark to = watermark(2, 200);
  position.judge(change(1, 110, 105), to);
  position.judge(change(1, 120, 110), to);
  EXPECT_EQ(position.whole_before(change(1, 50, 0, Op::snapshot_row), to)->lsn, Lsn(120));
  EXPECT_EQ(position.whole_before(change(2, 50, 0, Op::snapshot_row), to)->lsn, Lsn(110))
      << "120 may come again";
  EXPECT_FALSE(position.whole_before(change(1, 50, 0, Op::snapshot_begin), to));
  EXPECT_FALSE(position.whole_before(change(1, 50, 0, Op::snapshot_end), to));
}

}  // namespace
}  // namespace freshet::load
