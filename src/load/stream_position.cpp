#include "load/stream_position.h"

#include <fmt/format.h>

#include "base/error.h"

namespace freshet::load {
namespace {

bool above(const Change& change, const journal::Watermark& to) {
  return change.epoch != to.epoch ? change.epoch > to.epoch : change.commit_lsn > to.commit_lsn;
}

bool begins(const Change& change, const Commit& newest) {
  return change.epoch != newest.epoch ? change.epoch > newest.epoch : change.commit_lsn > newest.lsn;
}

[[noreturn]] void throw_above(const Change& change, const journal::Watermark& to) {
  throw Error(ErrorKind::identity,
              fmt::format("{}: a record at {} lies below the watermark {} of its own generation {}",
                          stream_name(*change.schema), to_string(change.commit_lsn), to_string(to.commit_lsn),
                          to.generation.value()),
              "the journal can't be trusted from here on, start over: docs/runbook/snapshot-again.md");
}

}  // namespace

Fate StreamPosition::judge(const Change& change, const journal::Watermark& to) {
  if (above(change, to)) {
    if (change.generation < to.generation) return Fate::leftover;
    throw_above(change, to);
  }
  if (change.from_snapshot()) return Fate::apply;
  // Within one generation a partition's streamed records come in the order of their versions; a lower one is
  // the beginning of what a successor appended again.
  if (change.version() < reached_) return Fate::redelivery;
  if (begins(change, newest_)) {
    before_ = newest_;
    newest_ = {change.epoch, change.commit_lsn, change.committed_at};
  }
  reached_ = change.version();
  generation_ = change.generation;
  return Fate::apply;
}

// A successor appends again what was cut short, and all before it, before it goes on. What a snapshot has
// read comes between two transactions; but those of an earlier generation may yet be short.
std::optional<Commit> StreamPosition::whole_before(const Change& next, const journal::Watermark& to) const {
  if (above(next, to)) return std::nullopt;
  if (!next.from_snapshot()) return begins(next, newest_) ? std::optional(newest_) : std::nullopt;
  if (next.op != Op::snapshot_row && next.op != Op::snapshot_gone) return std::nullopt;
  return next.generation == generation_ ? newest_ : before_;
}

}  // namespace freshet::load
