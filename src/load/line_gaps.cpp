// The part of Line that deals with streams that lack records. Such a stream passes over what comes, until a
// snapshot begins whose V is above all of that (kFromHere, and any of a periodic stream), applies everything
// from there on, and is whole at the snapshot's end. Its cut stands until then; its position moves on, so
// that it fills no journal. A snapshot that breaks the contract is passed over likewise: the next one may be
// in the journal behind it already.
//
// Noted are the gap (freshet.streams) and whether a snapshot runs (freshet.snapshots, as of the cut): a gap
// whose snapshot runs is being filled.
#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <utility>

#include "base/log.h"
#include "base/shell_word.h"
#include "load/line.h"

namespace freshet::load {

// True when a stream stands that ran.
bool Load::Line::note_gaps() {
  bool more = false;
  for (const auto& [partition, left] : load_.reader_.gaps()) {
    Stream* stream = find(partition.stream);
    if (stream == nullptr || (stream->has_gap() && !stream->filling)) continue;
    const auto at = positions_.find(partition);
    if (at != positions_.end() && at->second >= left) continue;  // passed over already
    more = more || stream->reads();
    const std::string before = stream->standing ? stream->standing->reason : "it was late";
    note_gap(*stream, "the journal has dropped records that weren't loaded; it stood because: " + before);
  }
  return more;
}

void Load::Line::note_gap(Stream& stream, const std::string& reason) {
  const std::string& name = stream.table.mirror().stream;
  stream.table.abandon_snapshot(cut_ ? cut_->round : 0);
  stream.resume();
  stream.filling = false;
  stream.standing = Standing{StreamState::gap, name + ": " + reason, "freshet snapshot " + shell_word(name)};
  states_.write_standing(name, *stream.standing);
  log::error("stream_gap", {{"stream", name}, {"reason", reason}});
}

// A mirror that isn't there yet lacks what its stream brought before. Noted before it is made. `first`: of
// the streams that are looked at, up to the last.
void Load::Line::note_new_mirrors(std::size_t first) {
  std::set<std::string> there;
  for (const auto& row : session_.rows("SELECT name FROM system.tables WHERE database = 'raw'"))
    there.insert(row[0].value());
  for (const auto& stream : streams_ | std::views::drop(first)) {
    const Mirror& mirror = stream->table.mirror();
    const bool began = std::ranges::any_of(positions_, [&](const auto& position) {
      return position.first.stream == mirror.stream && position.second > journal::Offset();
    });
    if (began && !there.contains(mirror.name()))
      note_gap(*stream, mirror.raw() + " is new, and earlier rows went to another mirror");
  }
}

// What the journal has lost can't be read.
void Load::Line::pass_over_lost() {
  for (const auto& [partition, left] : load_.reader_.gaps()) {
    const Stream* stream = find(partition.stream);
    if (stream == nullptr || !stream->has_gap()) continue;
    journal::Offset& at = positions_[partition];
    at = std::max(at, left);
  }
}

// Whether the stream, for want of earlier records, has no use for this one.
bool Load::Line::passes_over(Stream& stream, const Change& change) {
  if (!stream.has_gap() || stream.filling) return false;
  // Of a periodic stream each reading is all that there is.
  const bool lacks_nothing = (change.flags & (kFromHere | kPeriodic)) != 0;
  if (change.op != Op::snapshot_begin || !lacks_nothing) return true;
  if (change.version() <= stream.broken_reading) return true;
  stream.filling = true;
  log::info("gap_filling", {{"stream", stream.table.mirror().stream}});
  return false;
}

void Load::Line::note_broken_reading(Stream& stream) {
  stream.broken_reading = stream.table.snapshot_version();
  stream.passes_on = true;
  const std::string again = "then freshet snapshot " + shell_word(stream.table.mirror().stream);
  if (!stream.standing->hint.ends_with(again)) stream.standing->hint += "; " + again;
}

// After the cut of the round in which it broke: from where that round began.
void Load::Line::pass_broken_readings() {
  for (const auto& stream : streams_) {
    if (!std::exchange(stream->passes_on, false)) continue;
    stream->table.abandon_snapshot(cut_ ? cut_->round : 0);
    stream->resume();
  }
}

// Before the cut that says so: should it never be recorded, the round comes again and fills it again.
void Load::Line::note_filled() {
  for (const auto& stream : streams_) {
    if (!stream->filling || stream->table.stopped() || stream->table.in_snapshot()) continue;
    const std::string& name = stream->table.mirror().stream;
    states_.write_running(name);
    stream->standing.reset();
    stream->filling = false;
    log::info("gap_filled", {{"stream", name}});
  }
}

// To where the round has read, or to where what is left in the journal begins.
void Load::Line::move_on(const Stream& stream, const Reading& reading, StreamCut& cut) const {
  const std::string& name = stream.table.mirror().stream;
  for (const journal::Ends* ends : {&reading.ends, &positions_})
    for (auto end = ends->lower_bound({name, 0}); end != ends->end() && end->first.stream == name; ++end) {
      journal::Offset& at = cut.ends[end->first];
      at = std::max(at, end->second);
    }
  const auto whole = reading.whole.find(name);
  if (whole == reading.whole.end() || stream.has_gap()) return;
  cut.epoch = whole->second.epoch;
  cut.commit_lsn = whole->second.lsn;
  cut.committed_at = whole->second.at;
}

}  // namespace freshet::load
