#include "capture/snapshot_spool.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <vector>

#include "base/error.h"

namespace freshet::capture {
namespace {

std::string row(int i) {
  return std::string(static_cast<std::size_t>(i % 1'000), static_cast<char>('a' + i % 26)) +
         std::to_string(i);
}

Rows filled(SpoolBudget& budget, int count) {
  Rows rows(budget);
  for (int i = 0; i < count; ++i) {
    rows.open_row() += row(i);
    rows.close_row();
  }
  rows.finish();
  return rows;
}

void expect_all(Rows& rows, int count) {
  std::string_view tuple;
  for (int i = 0; i < count; ++i) {
    ASSERT_TRUE(rows.next(tuple)) << i;
    ASSERT_EQ(tuple, row(i));
  }
  EXPECT_FALSE(rows.next(tuple));
  EXPECT_FALSE(rows.next(tuple));
  EXPECT_EQ(rows.count(), static_cast<std::uint64_t>(count));
}

const std::string kTemp = std::filesystem::temp_directory_path();

TEST(Rows, StayInMemoryWithinTheBudget) {
  SpoolBudget budget(kTemp, 64 << 20, 0);
  {
    Rows rows = filled(budget, 5'000);
    EXPECT_FALSE(rows.spilled());
    EXPECT_GE(budget.used(), rows.bytes());
    expect_all(rows, 5'000);
  }
  EXPECT_EQ(budget.used(), 0u);
}

TEST(Rows, GoToAFileBeyondIt) {
  SpoolBudget budget(kTemp, 1 << 20, 1 << 30);
  {
    Rows first = filled(budget, 1'000);
    Rows rows = filled(budget, 20'000);
    EXPECT_FALSE(first.spilled());
    EXPECT_TRUE(rows.spilled());
    EXPECT_GE(budget.used(), rows.bytes());
    Rows moved = std::move(rows);
    expect_all(moved, 20'000);
  }
  EXPECT_EQ(budget.used(), 0u);
}

TEST(Rows, HoldARowLargerThanEveryBuffer) {
  SpoolBudget budget(kTemp, 1 << 20, 1 << 30);
  Rows rows(budget);
  const std::string huge(3 << 20, 'x');
  for (const std::string& text : {std::string("a"), huge, std::string(), huge + "y"}) {
    rows.open_row() += text;
    rows.close_row();
  }
  rows.finish();
  std::string_view tuple;
  ASSERT_TRUE(rows.next(tuple));
  EXPECT_EQ(tuple, "a");
  ASSERT_TRUE(rows.next(tuple));
  EXPECT_EQ(tuple, huge);
  ASSERT_TRUE(rows.next(tuple));
  EXPECT_EQ(tuple, "");
  ASSERT_TRUE(rows.next(tuple));
  EXPECT_EQ(tuple, huge + "y");
  EXPECT_FALSE(rows.next(tuple));
}

TEST(SpoolBudget, HasNoRoomOnceBothAreUsed) {
  SpoolBudget budget(kTemp, 512 << 10, 512 << 10);
  std::vector<Rows> held;
  while (budget.has_room() && held.size() < 100) held.push_back(filled(budget, 500));
  EXPECT_LT(held.size(), 20u);
  held.clear();
  EXPECT_TRUE(budget.has_room());
}

TEST(Rows, SayThatTheFolderIsNotThere) {
  SpoolBudget budget("/nowhere", 0, 1 << 20);
  Rows rows(budget);
  rows.open_row() += "x";
  EXPECT_THROW(rows.close_row(), Error);
}

}  // namespace
}  // namespace freshet::capture
