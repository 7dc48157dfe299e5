// Positions that mean nothing in this journal are refused, never guessed at.
#include "suite.h"

namespace freshet::journal {
namespace {

TEST_P(JournalConformance, APositionOfAnotherJournalIsRefused) {
  const auto journal = make();
  const auto other = make();
  const Watermark sealed = append_and_seal(*journal->writer(), {insert(orders_, 1, "x")});
  const Watermark foreign = append_and_seal(*other->writer(), {insert(orders_, 1, "x")});
  EXPECT_NE(sealed.journal, foreign.journal);
  EXPECT_ERROR(journal->reader()->next(foreign, kAnyBytes, kNow), identity);
}

TEST_P(JournalConformance, APositionOfAnotherHistoryIsRefused) {
  const auto journal = make();
  const auto writer = journal->writer();
  append_and_seal(*writer, {insert(orders_, 1, "x")});
  Watermark altered = append_and_seal(*writer, {insert(orders_, 2, "x")});
  append_and_seal(*writer, {insert(orders_, 3, "x")});
  altered.commit_lsn = Lsn(77);
  EXPECT_ERROR(journal->reader()->next(altered, kAnyBytes, kNow), identity);
}

TEST_P(JournalConformance, APositionThatASuccessorNeverSawIsRefused) {
  const auto journal = make();
  Watermark lost = append_and_seal(*journal->writer(), {insert(orders_, 1, "x")});
  lost.number += 5;
  append_and_seal(*journal->writer(), {insert(orders_, 2, "x")});
  EXPECT_ERROR(journal->reader()->next(lost, kAnyBytes, kNow), identity);
}

TEST_P(JournalConformance, ARangeThatIsNotThereIsRefused) {
  const auto journal = make();
  const auto writer = journal->writer();
  append_and_seal(*writer, {insert(orders_, 1, "x")});
  EXPECT_ERROR(read_all(*journal->reader(), {}, {{{"app.orders", 0}, Offset(2)}}), identity);
}

}  // namespace
}  // namespace freshet::journal
