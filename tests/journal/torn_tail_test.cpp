// A power failure leaves any part of what was written since the last fdatasync: the end may be cut anywhere,
// pages may be zero, the tail file may be older than the log. Whatever is left, the log opens at a seal.
#include "embedded_journal.h"

namespace freshet::journal {
namespace {

class TornTail : public EmbeddedJournalTest {
 protected:
  // Two seals; the second one's bytes are taken for not synced.
  void write(std::size_t row_bytes) {
    const auto writer = open_writer(options_);
    writer->keep("first");
    first_ = seal(*writer, {rows_[0]});
    synced_ = content(last_segment()).size();
    tail_ = content(directory() / "tail");
    rows_[1] = insert(orders_, 20, noise(row_bytes, 1));
    rows_[2] = insert(make_table("other"), 20, "z");
    writer->keep("second");
    second_ = seal(*writer, {rows_[1], rows_[2]});
    log_ = content(last_segment());
  }

  // As the machine comes back: with these bytes, and the tail file of the first seal.
  void expect_opens(const std::string& bytes, const Watermark& at, const std::string& what) {
    put(last_segment(), bytes);
    put(directory() / "tail", tail_);
    const auto reader = open_reader(options_);
    EXPECT_EQ(reader->next({}, ~0u, std::chrono::milliseconds(0)), first_)
        << what << ": before a writer came";
    {
      const auto writer = open_writer(options_);
      ASSERT_EQ(writer->last(), at) << what;
      EXPECT_EQ(writer->kept(), at == first_ ? "first" : "second") << what;
      const Row more = insert(orders_, 30, "more");
      const Watermark third = seal(*writer, {more});
      std::vector<Row> expected{rows_[0], more};
      if (at == second_) expected.insert(expected.begin() + 1, rows_[1]);
      EXPECT_EQ(read(third.ends), expected) << what;
    }
  }

  Row rows_[3] = {insert(orders_, 10, "x"), {}, {}};
  Watermark first_, second_;
  std::size_t synced_ = 0;
  std::string tail_, log_;
};

TEST_F(TornTail, MayEndAtAnyByte) {
  write(100);
  for (std::size_t size = synced_; size < log_.size(); ++size)
    expect_opens(log_.substr(0, size), first_, "cut at " + std::to_string(size));
  expect_opens(log_, second_, "whole");
}

TEST_F(TornTail, MayBeZeroFromAnyByteOn) {
  write(20);
  for (std::size_t from = synced_; from < log_.size(); from += 3)
    expect_opens(log_.substr(0, from) + std::string(log_.size() - from + 5000, '\0'), first_,
                 "zero from " + std::to_string(from));
}

// The watermark reached the disk and a page of the data before it didn't.
TEST_F(TornTail, MayHaveHolesBeforeAnIntactWatermark) {
  constexpr std::size_t kPage = 4096;
  write(60000);
  ASSERT_GT(log_.size(), synced_ + 10 * kPage);
  for (std::size_t page = (synced_ / kPage + 1) * kPage; page + kPage < log_.size(); page += kPage) {
    std::string holed = log_;
    holed.replace(page, kPage, kPage, '\0');
    expect_opens(holed, first_, "hole at " + std::to_string(page));
  }
}

}  // namespace
}  // namespace freshet::journal
