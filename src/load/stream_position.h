// StreamPosition: what a stream's mirror already has, and so which records of a round count. One per
// partition of a stream while a round reads; load's thread.
//
// The journal may hold a record twice and half a transaction: a capture that died may have appended what no
// watermark of its own covered, and its successor appends it again, whole (journal/journal.h).
#pragma once

#include "change/change.h"
#include "journal/position.h"

namespace freshet::load {

enum class Fate {
  apply,
  redelivery,  // the mirror has it: at or below the stream's recorded cut, or read before in this round
  leftover,    // half a transaction of a dead capture, above the watermark: it comes again
};

class StreamPosition {
 public:
  // Everything up to this commit is in the mirror.
  StreamPosition(Epoch epoch, Lsn cut) : reached_(epoch, cut, Lsn(~std::uint64_t{0})) {}

  // Of the partition's next record, in a round that reads to `to`. Throws Error{identity} for a record that
  // the watermark's own generation put above its watermark: then the watermark can't be trusted.
  Fate judge(const Change& change, const journal::Watermark& to);

 private:
  Version reached_;  // of the streamed records so far; several may share one version
};

}  // namespace freshet::load
