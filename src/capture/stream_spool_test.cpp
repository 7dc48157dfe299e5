#include "capture/stream_spool.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <vector>

#include "base/error.h"

namespace freshet::capture {
namespace {

class StreamSpoolTest : public testing::Test {
 protected:
  StreamSpool spool(std::uint64_t memory, std::uint64_t disk = 1 << 30) {
    return StreamSpool({::testing::TempDir(), memory, disk}, use_);
  }

  static std::vector<std::string> read(SpooledTransaction& transaction) {
    std::vector<std::string> messages;
    while (const auto frame = transaction.next()) messages.emplace_back(frame->message);
    return messages;
  }

  StreamSpoolUse use_;
};

TEST_F(StreamSpoolTest, GivesATransactionBackInOrder) {
  StreamSpool spool = this->spool(1 << 20);
  spool.append(7, {Lsn(1), 7, "a"});
  spool.append(8, {Lsn(2), 8, "other"});
  spool.append(7, {Lsn(3), 9, "b"});
  const auto transaction = spool.commit(7);
  const auto first = transaction->next();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->lsn, Lsn(1));
  EXPECT_EQ(first->owner, 7u);
  EXPECT_EQ(read(*transaction), std::vector<std::string>{"b"});
  EXPECT_EQ(spool.transactions(), 1u);
}

TEST_F(StreamSpoolTest, AnAbortOfASubtransactionTakesExactlyItsFrames) {
  StreamSpool spool = this->spool(1 << 20);
  spool.append(7, {Lsn(1), 7, "top"});
  spool.append(7, {Lsn(2), 8, "sub"});
  spool.append(7, {Lsn(3), 9, "nested in sub"});
  spool.append(7, {Lsn(4), 10, "sibling"});
  spool.abort({7, 9});
  spool.append(7, {Lsn(5), 8, "sub again"});
  EXPECT_EQ(read(*spool.commit(7)), (std::vector<std::string>{"top", "sub", "sibling", "sub again"}));
}

TEST_F(StreamSpoolTest, AnAbortedTransactionVanishes) {
  StreamSpool spool = this->spool(0);
  spool.append(7, {Lsn(1), 7, std::string(1 << 20, 'x')});
  EXPECT_GT(use_.disk, 0u);
  spool.abort({7, 7});
  spool.abort({7, 8});
  EXPECT_EQ(use_.disk, 0u);
  EXPECT_EQ(use_.memory, 0u);
  EXPECT_TRUE(read(*spool.commit(7)).empty());
}

TEST_F(StreamSpoolTest, StaysWithinItsMemoryAndLeavesNothingBehind) {
  const std::string directory = ::testing::TempDir() + "freshet-spool";
  std::filesystem::create_directory(directory);
  constexpr std::uint64_t kMemory = 256 << 10;
  StreamSpool spool({directory, kMemory, 1 << 30}, use_);
  std::mt19937 random(42);
  std::vector<std::string> expected[3];
  for (int i = 0; i < 3000; ++i) {
    const int which = static_cast<int>(random() % 3);
    // One frame is larger than every block and window.
    expected[which].push_back(std::string(i == 1500 ? 3 << 20 : random() % 2000, 'a' + which));
    const auto xid = static_cast<pgoutput::Xid>(10 + which);
    spool.append(xid, {Lsn(static_cast<std::uint64_t>(i)), xid, expected[which].back()});
    ASSERT_LE(use_.memory, kMemory + 3 * (64 << 10));
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory));
  for (int which = 0; which < 3; ++which) {
    const auto transaction = spool.commit(static_cast<pgoutput::Xid>(10 + which));
    EXPECT_GT(transaction->bytes(), kMemory);
    EXPECT_EQ(read(*transaction), expected[which]);
  }
  EXPECT_EQ(use_.memory, 0u);
  EXPECT_EQ(use_.disk, 0u);
  std::filesystem::remove(directory);
}

TEST_F(StreamSpoolTest, RefusesToFillTheDisk) {
  StreamSpool spool = this->spool(0, 1 << 20);
  const std::string row(100 << 10, 'x');
  const auto fill = [&] {
    for (int i = 0; i < 20; ++i) spool.append(7, {Lsn(1), 7, row});
  };
  try {
    fill();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::capacity);
  }
}

TEST_F(StreamSpoolTest, NamesTheFolderItCannotUse) {
  StreamSpool spool({"/nowhere/at/all", 0, 1 << 20}, use_);
  try {
    spool.append(7, {Lsn(1), 7, std::string(1 << 20, 'x')});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("/nowhere/at/all"), std::string::npos);
  }
}

}  // namespace
}  // namespace freshet::capture
