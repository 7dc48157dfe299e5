// StreamPosition: what a stream's mirror already has, and so which records of a round count. One per
// partition of a stream while a round reads; load's thread.
//
// The journal may hold a record twice and half a transaction: a capture that died may have appended what no
// watermark of its own covered, and its successor appends it again, whole (journal/journal.h).
#pragma once

#include <optional>

#include "change/change.h"
#include "journal/position.h"

namespace freshet::load {

enum class Fate {
  apply,
  redelivery,  // the mirror has it: at or below the stream's recorded cut, or read before in this round
  leftover,    // half a transaction of a dead capture, above the watermark: it comes again
};

struct Commit {
  Epoch epoch = 0;
  Lsn lsn = {};
  Micros at = 0;
};

class StreamPosition {
 public:
  // Everything up to this commit is in the mirror.
  StreamPosition(Epoch epoch, Lsn cut, Micros committed_at = 0)
      : reached_(epoch, cut, Lsn(~std::uint64_t{0})), newest_{epoch, cut, committed_at}, before_(newest_) {}

  // Of the partition's next record, in a round that reads to `to`. Throws Error{identity} for a record that
  // the watermark's own generation put above its watermark: then the watermark can't be trusted.
  Fate judge(const Change& change, const journal::Watermark& to);

  // Where a stream may stop before it has read to `to`: before `next`, the partition's next record, when
  // every transaction so far is whole. Up to which commit it then has all, so that whatever comes again of
  // that is known. Nothing: not here.
  std::optional<Commit> whole_before(const Change& next, const journal::Watermark& to) const;

 private:
  Version reached_;        // of the streamed records so far; several may share one version
  Commit newest_;          // of these
  Commit before_;          // the one before it
  Generation generation_;  // that brought the last of them
};

}  // namespace freshet::load
