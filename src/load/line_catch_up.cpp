// The part of Line that lets a stream catch up that is late: one that goes on after it stood, or that the
// project has gained. What has waited of it may be more than all others bring in an hour. So it is read in
// rounds of its own, to the watermark that the others have reached already, a portion in each; between two of
// them comes a round of the others to their newest watermark. A portion ends between two transactions of its
// stream, so its cut is one that its mirror was whole at, and what comes again of it is known for that.
//
// Where a portion ends depends only on the cut before it and on the journal: a round that is done again reads
// the same.
#include <algorithm>

#include "load/line.h"

namespace freshet::load {

// It stands below the others' watermark.
bool Load::Line::is_late(const Stream& stream) const {
  if (!cut_) return false;
  const std::string& name = stream.table.mirror().stream;
  const journal::Ends& ends = cut_->mark.ends;
  for (auto end = ends.lower_bound({name, 0}); end != ends.end() && end->first.stream == name; ++end) {
    const auto stands = positions_.find(end->first);
    if (end->second > (stands == positions_.end() ? journal::Offset() : stands->second)) return true;
  }
  return false;
}

bool Load::Line::is_reached(const journal::Watermark& to) const {
  return cut_ && to.number == cut_->mark.number;
}

// Late streams are read in rounds to the watermark that is reached, all others in rounds to a newer one.
bool Load::Line::takes_part(const Stream& stream, const journal::Watermark& to) const {
  return stream.reads() && is_late(stream) == is_reached(to);
}

bool Load::Line::any_catches_up() const {
  return std::ranges::any_of(streams_, [&](const auto& stream) { return catches_up(*stream); });
}

// Of one partition. In those of a stream with several, what was appended last may come first in the order of
// versions, a snapshot's end before some of its rows: such a stream is read whole.
void Load::Line::read_portion(Reading& reading, Stream& stream, const journal::Partition& partition,
                              std::uint64_t bytes_max) {
  const auto begin = positions_.find(partition);
  std::uint64_t bytes = 0;
  const auto take_one = [&](const Change& change, journal::Offset offset) {
    if (!stream.reads()) return false;  // it has stopped
    if (bytes >= bytes_max)
      if (const auto whole = reading.positions.at(partition).whole_before(change, reading.to)) {
        reading.ends[partition] = offset;
        reading.whole[partition.stream] = *whole;
        return false;
      }
    bytes += change.old.size() + change.row.size() + sizeof(Change);
    if (passes(reading, change, partition)) take(reading, stream, change);
    return true;
  };
  load_.reader_.read_while(partition, begin == positions_.end() ? journal::Offset() : begin->second,
                           reading.to.ends.at(partition), take_one);
}

// What a round to `to` hasn't read of a stream that reads.
bool Load::Line::remains_late(const Stream& stream, const Reading& reading) const {
  if (reading.whole.contains(stream.table.mirror().stream)) return true;
  return is_late(stream) && !is_reached(reading.to);
}

}  // namespace freshet::load
