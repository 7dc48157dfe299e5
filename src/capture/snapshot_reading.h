// One reading of one table, from V to its end: which pages are claimed, read and taken, and how large the
// next chunk shall be. Used under the board's lock; no I/O.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capture/snapshot_plan.h"
#include "capture/snapshot_progress.h"

namespace freshet::capture {

// What a chunk aims at.
struct ChunkAim {
  std::uint64_t bytes = 0;
  std::uint64_t rows = 0;  // 0: any number
  std::chrono::milliseconds time{0};
};

// Pages of a leaf. Where none are left, one claim without pages begins or ends the reading.
struct Claim {
  static constexpr std::size_t kNoLeaf = ~std::size_t{0};

  std::size_t leaf = kNoLeaf;  // in the plan
  Blocks blocks;
};

class Reading {
 public:
  using Plan = std::shared_ptr<const TablePlan>;  // shared with the workers that read chunks of it

  Reading(Plan plan, Lsn v, std::uint8_t flags, ChunkAim aim);
  // Goes on where `progress` stands. Nothing when the table isn't any more what it was then.
  static std::optional<Reading> resume(Plan plan, const TableProgress& progress, ChunkAim aim);

  const Plan& plan() const { return plan_; }
  Lsn v() const { return v_; }
  std::uint8_t flags() const { return flags_; }

  std::optional<Claim> claim();
  void put_back(const Claim& claim);
  // Whether the leaf has been replaced since that plan was this reading's: the claim, and what was read of
  // it, are of no use.
  bool stale(const TablePlan& plan, const Claim& claim) const;
  // The claim's leaf isn't what was planned; `now` is the table. Another file of the leaf is read from its
  // beginning, as of the same V; a leaf that has left the table is done with. What was read of either, and
  // not taken, must go. False: only its name is another one, and the claim waits again.
  bool replace_leaf(const Claim& claim, const TablePlan& now);
  // After a chunk that took too long for the server's patience.
  void smaller_chunks() { pages_ = std::max(pages_ / 2, 1u); }
  void read(std::uint64_t rows, std::uint64_t bytes, std::chrono::milliseconds took);

  struct Taken {
    bool first = false;
    bool last = false;
  };
  Taken take(const Claim& claim);
  TableProgress progress() const;

  bool all_claimed() const { return waiting_.empty(); }
  bool complete() const { return blocks_left_ == 0; }
  std::uint64_t blocks_unclaimed() const;
  double share() const;  // of the pages, taken

 private:
  void wait_for(std::vector<LeafProgress> leaves);
  void wait_for_leaf(std::size_t place);
  void wait_for_none(std::size_t place);
  void count_pages();

  Plan plan_;
  Lsn v_;
  std::uint8_t flags_ = 0;
  ChunkAim aim_;
  std::vector<LeafProgress> leaves_;  // as the plan's
  std::deque<Claim> waiting_;         // not claimed
  std::uint64_t blocks_ = 0;          // of all leaves; an empty table counts as one
  std::uint64_t blocks_left_ = 0;     // not taken
  bool begun_ = false;                // the first chunk was taken
  std::uint32_t pages_ = kFirstPages;

  static constexpr std::uint32_t kFirstPages = 64;
  static constexpr std::uint32_t kMostPages = 1 << 20;
};

}  // namespace freshet::capture
