// Damage below what was once durable is never cut off nor passed over: it is an error that names the place.
#include "embedded_journal.h"
#include "journal/embedded/block.h"

namespace freshet::journal {
namespace {

class Damage : public EmbeddedJournalTest {
 protected:
  void SetUp() override {
    const auto writer = open_writer(options_);
    before_ = seal(*writer, {insert(orders_, 10, "before")});
    begin_ = content(last_segment()).size();
    last_ = seal(*writer, {insert(orders_, 20, "damaged")});
    end_ = content(last_segment()).size();
  }

  void seal_once_more() { last_ = seal(*open_writer(options_), {insert(orders_, 30, "after")}); }

  void flip(std::size_t byte) {
    std::string bytes = content(last_segment());
    bytes[byte] = static_cast<char>(bytes[byte] ^ 0x10);
    put(last_segment(), bytes);
  }

  // Refused by writer and reader, with file and byte.
  void expect_refused(std::size_t block) {
    try {
      open_writer(options_);
      ADD_FAILURE() << "opened";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::data);
      EXPECT_NE(error.message().find(last_segment().string()), std::string::npos) << error.what();
      EXPECT_NE(error.message().find("byte " + std::to_string(block)), std::string::npos) << error.what();
      EXPECT_NE(error.hint(), "");
    }
    EXPECT_ERROR(read(last_.ends, before_.ends), data);
  }

  Watermark before_, last_;
  std::size_t begin_ = 0, end_ = 0;
};

TEST_F(Damage, IsFoundInEveryByteOfTheLastSeal) {
  for (std::size_t byte = begin_; byte < end_; byte += 7) {
    flip(byte);
    EXPECT_ERROR(open_writer(options_), data);
    flip(byte);
  }
  EXPECT_EQ(open_writer(options_)->last(), last_);
}

TEST_F(Damage, IsFoundInEveryByteOfAHeaderByWriterAndReader) {
  for (std::size_t byte = begin_; byte < begin_ + kHeaderSize; ++byte) {
    flip(byte);
    expect_refused(begin_);
    flip(byte);
  }
  EXPECT_EQ(open_writer(options_)->last(), last_);
}

// The tail file isn't synced: a later seal says as well how far the log was durable before it.
TEST_F(Damage, IsFoundWithoutTheTailFileBelowALaterSeal) {
  seal_once_more();
  std::filesystem::remove(directory() / "tail");
  flip(begin_ + kHeaderSize + 2);
  EXPECT_ERROR(open_writer(options_), data);
  flip(begin_ + kHeaderSize + 2);
  EXPECT_EQ(open_writer(options_)->last(), last_);
}

TEST_F(Damage, AFileThatIsCutBelowItsSealIsRefused) {
  std::filesystem::resize_file(last_segment(), begin_);
  EXPECT_ERROR(open_writer(options_), data);
}

TEST_F(Damage, AMissingFileIsRefused) {
  options_.segment_bytes = 4096;
  {
    const auto writer = open_writer(options_);
    for (std::uint64_t lsn = 30; lsn < 60; ++lsn)
      last_ = seal(*writer, {insert(orders_, lsn, noise(3000, lsn))});
  }
  const auto files = segments();
  ASSERT_GT(files.size(), 3u);
  std::filesystem::rename(files[1], folder_.path() + "/aside");
  EXPECT_ERROR(open_writer(options_), data);
  std::filesystem::rename(folder_.path() + "/aside", files[1]);
  std::filesystem::rename(files.back(), folder_.path() + "/aside");
  EXPECT_ERROR(open_writer(options_), data);
}

TEST_F(Damage, FilesOfTwoJournalsAreRefused) {
  options_.directory = folder_.path() + "/other";
  seal(*open_writer(options_), {insert(orders_, 10, noise(10000, 1))});
  std::filesystem::copy_file(folder_.path() + "/journal/tail", directory() / "tail",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_ERROR(open_writer(options_), identity);
}

}  // namespace
}  // namespace freshet::journal
