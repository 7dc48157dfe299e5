#include "capture/binding.h"

#include <gtest/gtest.h>

namespace freshet::capture {
namespace {

SeenTable plain() {
  SeenTable table;
  table.oid = 100;
  table.published = "50.700,60";
  table.columns = {{"id", 1, 23, 701}, {"v; w:", 2, 25, 701}};
  table.leaves = {{100, {1000, "", true}}};
  table.types.labels = {{80, 702}, {81, 702}};
  table.types.attributes = {{{90, 1}, 703}};
  return table;
}

SeenTable parted() {
  SeenTable table = plain();
  table.leaves = {{110, {1010, "/710", true}}, {111, {1011, "/711/712", true}}};
  return table;
}

bool changes(const SeenTable& before, const SeenTable& now) {
  return !silent_change(bind(before), now).empty();
}

TEST(Binding, HoldsWhileNothingChanges) {
  EXPECT_FALSE(changes(plain(), plain()));
  EXPECT_FALSE(changes(parted(), parted()));
  EXPECT_EQ(bind(parted()), bind(parted()));
  EXPECT_EQ(bound_table(bind(plain())), 100u);
}

TEST(Binding, ReadsAgainWhatWasPassedOverOrCannotBeRead) {
  EXPECT_NE(silent_change(kPassedOver, plain()), "");
  EXPECT_NE(silent_change("0 of another time", plain()), "");
  EXPECT_EQ(bound_table(kPassedOver), 0u);
  const std::string text = bind(parted());
  for (std::size_t size = 1; size < text.size(); ++size)
    EXPECT_NE(silent_change(text.substr(0, size), parted()), "") << text.substr(0, size);
}

TEST(Binding, KnowsAnotherTableAndAnotherEntryInThePublication) {
  SeenTable now = plain();
  now.oid = 101;
  now.leaves = {{101, {1000, "", true}}};
  EXPECT_TRUE(changes(plain(), now));
  now = plain();
  now.published = "50.701,60";
  EXPECT_TRUE(changes(plain(), now));
}

TEST(Binding, KnowsColumnsByNumberNameAndType) {
  SeenTable now = plain();
  now.columns[1].number = 3;
  EXPECT_TRUE(changes(plain(), now));
  now = plain();
  now.columns[1].name = "w";
  EXPECT_TRUE(changes(plain(), now));
  now = plain();
  now.columns[1].type = 1043;
  EXPECT_TRUE(changes(plain(), now));
  now = plain();
  now.columns.push_back({"more", 3, 25, 704});
  EXPECT_TRUE(changes(plain(), now));
  EXPECT_FALSE(changes(now, plain())) << "of a column that is gone the mirror lacks nothing";
}

// What it was made of in the mirror has lost what the other type would have kept.
TEST(Binding, KnowsTheTypeThatIsChosenForTheMirror) {
  SeenTable chosen = plain();
  chosen.columns[1].chosen_type = "String";
  EXPECT_TRUE(changes(plain(), chosen));
  EXPECT_TRUE(changes(chosen, plain()));
  EXPECT_FALSE(changes(chosen, chosen));
  SeenTable other = chosen;
  other.columns[1].chosen_type = "Decimal(38,6)";
  EXPECT_TRUE(changes(chosen, other));
}

// Where it is allowed only now, what waited is taken up again, and nothing is missing.
TEST(Binding, KnowsWhatTheMirrorHasAsNullAndMayNotAnyMore) {
  SeenTable allowed = plain();
  allowed.columns[1].nulled = "ni";
  SeenTable less = plain();
  less.columns[1].nulled = "i";
  EXPECT_FALSE(changes(plain(), allowed));
  EXPECT_FALSE(changes(less, allowed));
  EXPECT_FALSE(changes(allowed, allowed));
  EXPECT_TRUE(changes(allowed, less));
  EXPECT_TRUE(changes(allowed, plain()));
  EXPECT_NE(bind(less), bind(allowed)) << "what is allowed from now on is remembered";
}

TEST(Binding, TellsARewrittenColumnFromARewrittenTable) {
  SeenTable now = plain();
  now.leaves.at(100).file = 1001;
  EXPECT_FALSE(changes(plain(), now)) << "VACUUM FULL";
  now.columns[1].row = 705;
  EXPECT_TRUE(changes(plain(), now)) << "ALTER TYPE USING";
  now.leaves.at(100).file = 1000;
  EXPECT_FALSE(changes(plain(), now)) << "SET STATISTICS";
}

TEST(Binding, KnowsEachPartition) {
  SeenTable now = parted();
  now.leaves.at(110).file = 1002;
  EXPECT_TRUE(changes(parted(), now)) << "TRUNCATE";
  now = parted();
  now.leaves.at(111).attached = "/711/713";
  EXPECT_TRUE(changes(parted(), now)) << "attached again";
  now = parted();
  now.leaves.erase(110);
  EXPECT_TRUE(changes(parted(), now)) << "dropped";
  now = parted();
  now.leaves[112] = {1012, "/714", true};
  EXPECT_TRUE(changes(parted(), now)) << "attached";
  now.leaves[112].may_have_rows = false;
  EXPECT_FALSE(changes(parted(), now)) << "made empty";
}

TEST(Binding, KnowsATableThatKeepsItsChangesToItself) {
  SeenTable now = parted();
  EXPECT_FALSE(keeps_changes_to_itself(now));
  now.leaves.at(111).logged = false;
  EXPECT_TRUE(keeps_changes_to_itself(now));
  EXPECT_NE(now, parted());
  now = parted();
  now.leaves.at(111).identity = contract::RowIdentity::none;
  EXPECT_FALSE(keeps_changes_to_itself(now)) << "PostgreSQL refuses what would have to say the key";
  EXPECT_NE(now, parted());
  now.leaves.at(111).identity = contract::RowIdentity::another;
  EXPECT_TRUE(keeps_changes_to_itself(now));
  now = plain();
  now.comes_as_another = true;
  EXPECT_TRUE(keeps_changes_to_itself(now));
  now = plain();
  now.identity = contract::RowIdentity::not_unique;
  EXPECT_TRUE(keeps_changes_to_itself(now));
}

TEST(Binding, KnowsThatTheTableWasAnothersPartitionForAWhile) {
  SeenTable now = plain();
  now.key = 715;
  EXPECT_TRUE(changes(plain(), now));
  EXPECT_FALSE(changes(now, now));
}

TEST(Binding, KnowsRenamedLabelsFromNewOnes) {
  SeenTable now = plain();
  now.types.labels[82] = 706;
  EXPECT_FALSE(changes(plain(), now));
  now.types.labels[80] = 707;
  EXPECT_TRUE(changes(plain(), now));
  now = plain();
  now.types.attributes[{90, 2}] = 708;
  EXPECT_TRUE(changes(plain(), now));
}

}  // namespace
}  // namespace freshet::capture
