#include "load/merge.h"

#include <gtest/gtest.h>

#include <algorithm>

#include <map>
#include <vector>

namespace freshet::load {
namespace {

using journal::Ends;
using journal::Offset;
using journal::Partition;

// Partitions of one stream in memory; counts how far ahead it was read.
class Partitions final : public journal::Reader {
 public:
  void add(std::int32_t partition, std::uint64_t commit, Op op = Op::update) {
    records_[{"app.t", partition}].emplace_back(commit, op);
  }
  Ends ends() const {
    Ends ends;
    for (const auto& [partition, records] : records_) ends[partition] = Offset(records.size());
    return ends;
  }
  std::optional<journal::Watermark> next(const std::optional<journal::Watermark>&, std::uint64_t,
                                         std::chrono::milliseconds) override {
    return std::nullopt;
  }
  void read(const Ends& from, const Ends& to, const journal::Visitor& visit,
            const std::function<bool(const std::string&)>&) override {
    for (const auto& [partition, end] : to) {
      for (std::uint64_t i = from.at(partition).value(); i < end.value(); ++i) {
        std::string text = std::to_string(records_[partition][i].first);  // gone after the call
        Change change;
        change.op = records_[partition][i].second;
        change.commit_lsn = Lsn(records_[partition][i].first);
        change.row = text;
        visit(change, partition, Offset(i));
        largest_window = std::max<std::uint64_t>(largest_window, end.value() - from.at(partition).value());
      }
    }
  }
  void read_while(const Partition&, Offset, Offset, const journal::Taker&) override {}
  void release(const Durable<Ends>&, const std::set<std::string>&) override {}
  journal::Ends gaps() const override { return {}; }
  std::uint64_t bytes() const override { return 0; }
  std::uint64_t limit() const override { return 0; }

  std::uint64_t largest_window = 0;

 private:
  std::map<Partition, std::vector<std::pair<std::uint64_t, Op>>> records_;
};

std::vector<std::uint64_t> merged(Partitions& partitions, const Ends& from = {}) {
  std::vector<std::uint64_t> order;
  read_merged(
      partitions, from, partitions.ends(),
      [](const Change& change, const Partition&) { return change.commit_lsn != Lsn(7); },
      [&](const Change& change) {
        EXPECT_EQ(change.row, std::to_string(change.commit_lsn.value()));
        order.push_back(change.commit_lsn.value());
      });
  return order;
}

TEST(Merge, VisitsAllPartitionsInTheOrderOfTheirVersions) {
  Partitions partitions;
  for (const std::uint64_t commit : {1, 4, 9}) partitions.add(0, commit);
  for (const std::uint64_t commit : {2, 3, 7, 8}) partitions.add(1, commit);
  EXPECT_EQ(merged(partitions), (std::vector<std::uint64_t>{1, 2, 3, 4, 8, 9})) << "7 was dropped when read";
  EXPECT_EQ(merged(partitions, {{{"app.t", 1}, Offset(3)}}), (std::vector<std::uint64_t>{1, 4, 8, 9}));
}

TEST(Merge, LeavesASnapshotsRowsWhereTheyStand) {
  Partitions partitions;
  partitions.add(0, 10);
  partitions.add(0, 5, Op::snapshot_row);
  partitions.add(0, 12);
  partitions.add(1, 11);
  EXPECT_EQ(merged(partitions), (std::vector<std::uint64_t>{10, 5, 11, 12}));
}

TEST(Merge, ReadsNoFurtherAheadThanItsWindow) {
  Partitions partitions;
  for (std::uint64_t i = 0; i < 20'000; ++i) partitions.add(static_cast<std::int32_t>(i % 3), i + 8);
  const std::vector<std::uint64_t> order = merged(partitions);
  EXPECT_EQ(order.size(), 20'000U);
  EXPECT_TRUE(std::ranges::is_sorted(order));
  EXPECT_LE(partitions.largest_window, 4096U);
}

}  // namespace
}  // namespace freshet::load
