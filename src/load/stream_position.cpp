#include "load/stream_position.h"

#include <fmt/format.h>

#include "base/error.h"

namespace freshet::load {
namespace {

bool above(const Change& change, const journal::Watermark& to) {
  return change.epoch != to.epoch ? change.epoch > to.epoch : change.commit_lsn > to.commit_lsn;
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
  reached_ = change.version();
  return Fate::apply;
}

}  // namespace freshet::load
