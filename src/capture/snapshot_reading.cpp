#include "capture/snapshot_reading.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace freshet::capture {
namespace {

// An empty claim stands for one page.
std::uint64_t weight(const Claim& claim) {
  return std::max<std::uint64_t>(claim.blocks.count(), 1);
}

std::vector<LeafProgress> nothing_taken(const TablePlan& plan) {
  std::vector<LeafProgress> leaves;
  for (const Leaf& leaf : plan.leaves) leaves.push_back({leaf.oid, leaf.identity, leaf.blocks, {}});
  return leaves;
}

bool same_leaves(const TablePlan& plan, const TableProgress& progress) {
  return std::ranges::equal(plan.leaves, progress.leaves, [](const Leaf& now, const LeafProgress& then) {
    return now.oid == then.oid && now.identity == then.identity;
  });
}

}  // namespace

Reading::Reading(Plan plan, Lsn v, std::uint8_t flags, ChunkAim aim)
    : plan_(std::move(plan)), v_(v), flags_(flags), aim_(aim) {
  wait_for(nothing_taken(*plan_));
}

std::optional<Reading> Reading::resume(Plan plan, const TableProgress& progress, ChunkAim aim) {
  if (!same_leaves(*plan, progress)) return std::nullopt;
  Reading reading(std::move(plan), progress.v, progress.flags, aim);
  reading.begun_ = true;
  reading.wait_for(progress.leaves);
  return reading;
}

void Reading::wait_for(std::vector<LeafProgress> leaves) {
  leaves_ = std::move(leaves);
  waiting_.clear();
  for (std::size_t i = 0; i < leaves_.size(); ++i) wait_for_leaf(i);
  count_pages();
  // An empty table: its one chunk looks, all the same, whether it is what was planned.
  if (blocks_left_ == 0) wait_for_none(leaves_.empty() ? Claim::kNoLeaf : 0);
}

void Reading::wait_for_leaf(std::size_t place) {
  const LeafProgress& leaf = leaves_[place];
  for (const Blocks& blocks : leaf.taken.missing(leaf.blocks)) waiting_.push_back({place, blocks});
}

// The reading has still to begin, or to end.
void Reading::wait_for_none(std::size_t place) {
  waiting_.push_back({place, {}});
  blocks_left_ = 1;
}

void Reading::count_pages() {
  blocks_ = 0;
  blocks_left_ = 0;
  for (const LeafProgress& leaf : leaves_) {
    blocks_ += leaf.blocks;
    for (const Blocks& blocks : leaf.taken.missing(leaf.blocks)) blocks_left_ += blocks.count();
  }
  blocks_ = std::max<std::uint64_t>(blocks_, 1);
}

std::optional<Claim> Reading::claim() {
  if (waiting_.empty()) return std::nullopt;
  Claim& next = waiting_.front();
  Claim claimed = next;
  if (next.blocks.count() <= pages_) {
    waiting_.pop_front();
  } else {
    claimed.blocks.to = claimed.blocks.from + pages_;
    next.blocks.from = claimed.blocks.to;
  }
  return claimed;
}

void Reading::put_back(const Claim& claim) {
  waiting_.push_front(claim);
}

bool Reading::stale(const TablePlan& plan, const Claim& claim) const {
  return claim.leaf != Claim::kNoLeaf && plan.leaves[claim.leaf].identity != leaves_[claim.leaf].identity;
}

bool Reading::replace_leaf(const Claim& claim, const TablePlan& now) {
  auto plan = std::make_shared<TablePlan>(*plan_);
  Leaf& leaf = plan->leaves[claim.leaf];
  const auto found = std::ranges::find(now.leaves, leaf.oid, &Leaf::oid);
  const bool renamed = found != now.leaves.end() && found->identity == leaf.identity;
  if (renamed) {
    leaf.name = found->name;
    leaf.identity_query = found->identity_query;
    put_back(claim);
  } else {
    leaf = found == now.leaves.end() ? Leaf{leaf.oid, leaf.name, "", "", 0} : *found;
    leaves_[claim.leaf] = {leaf.oid, leaf.identity, leaf.blocks, {}};
    std::erase_if(waiting_, [&](const Claim& waiting) { return waiting.leaf == claim.leaf; });
    wait_for_leaf(claim.leaf);
    count_pages();
    if (blocks_left_ == 0) wait_for_none(Claim::kNoLeaf);
  }
  plan_ = std::move(plan);
  return !renamed;
}

void Reading::read(std::uint64_t rows, std::uint64_t bytes, std::chrono::milliseconds took) {
  const auto beyond = [&](std::uint64_t part, std::uint64_t of) {
    return bytes > aim_.bytes * part / of || took > aim_.time * part / of ||
           (aim_.rows > 0 && rows > aim_.rows * part / of);
  };
  if (beyond(2, 1))
    smaller_chunks();
  else if (!beyond(1, 2))
    pages_ = std::min(pages_ * 2, kMostPages);
}

Reading::Taken Reading::take(const Claim& claim) {
  CHECK(blocks_left_ >= weight(claim));
  blocks_left_ -= weight(claim);
  if (claim.leaf != Claim::kNoLeaf) leaves_[claim.leaf].taken.add(claim.blocks);
  return {.first = !std::exchange(begun_, true), .last = blocks_left_ == 0};
}

TableProgress Reading::progress() const {
  return {.v = v_, .flags = flags_, .complete = complete(), .leaves = leaves_};
}

std::uint64_t Reading::blocks_unclaimed() const {
  std::uint64_t sum = 0;
  for (const Claim& claim : waiting_) sum += weight(claim);
  return sum;
}

double Reading::share() const {
  return 1.0 - static_cast<double>(blocks_left_) / static_cast<double>(blocks_);
}

}  // namespace freshet::capture
