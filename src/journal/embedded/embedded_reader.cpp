#include "journal/embedded/embedded_reader.h"

#include <algorithm>

#include "journal/embedded/block_reader.h"
#include "journal/embedded/gaps.h"
#include "journal/embedded/range_read.h"
#include "journal/embedded/recovery.h"
#include "journal/embedded/released.h"
#include "journal/embedded/watermark.h"

namespace freshet::journal {
namespace {

// How often the tail is looked at while there is nothing new: a read of 60 bytes.
constexpr std::chrono::milliseconds kPoll{5};
// How often retention may take the file where a scan begins before we look again at the next poll.
constexpr int kScansMax = 4;

}  // namespace

std::optional<Watermark> EmbeddedReader::next(const std::optional<Watermark>& after, std::uint64_t max_bytes,
                                              std::chrono::milliseconds wait) {
  const Deadline deadline(*options_.clock, wait);
  while (true) {
    if (index_.refresh() && !nothing_above(after))
      if (std::optional<Watermark> found = newest_within(after, max_bytes)) return found;
    if (deadline.passed()) return std::nullopt;
    options_.clock->sleep(std::min(deadline.left(), kPoll), {});
  }
}

bool EmbeddedReader::nothing_above(const std::optional<Watermark>& after) {
  const Tail& tail = *index_.tail();
  if (!after) return tail.watermark == 0;
  if (after->number < tail.watermark) return false;
  // A writer that came later knows every watermark before it, or the journal isn't the one it was.
  if (after->journal != tail.journal ||
      (after->number > tail.watermark && tail.generation > after->generation))
    throw Error(ErrorKind::identity,
                "position " + std::to_string(after->number) + " of journal " + after->journal +
                    " isn't in the journal " + tail.journal,
                "the journal was replaced, or restored from an older copy; start over: "
                "docs/runbook/snapshot-again.md");
  if (after->number == tail.watermark) index_.after(after);  // refuses one of another history
  return true;
}

std::optional<Watermark> EmbeddedReader::newest_within(const std::optional<Watermark>& after,
                                                       std::uint64_t max_bytes) {
  for (int i = 0; i < kScansMax; ++i)
    if (std::optional<Scan> scan = scan_from(index_.after(after), after ? after->number : 0, max_bytes))
      return std::move(scan->found);
  return std::nullopt;
}

std::optional<EmbeddedReader::Scan> EmbeddedReader::scan_from(Place place, std::uint64_t number,
                                                              std::uint64_t max_bytes) {
  std::string found;
  Place found_end;
  std::uint64_t bytes = 0;
  bool more = true;
  for (; more && place.segment <= index_.tail()->end.segment; place = {place.segment + 1, 0}) {
    std::optional<LogIndex::Readable> readable = index_.open(place.segment);
    if (!readable) {
      index_.forget(place.segment);
      return std::nullopt;
    }
    BlockReader blocks(std::move(readable->file), place.byte, readable->end, BlockReader::Window::headers);
    while (more) {
      const auto header = blocks.next();
      if (!header) break;
      if (header->kind == BlockKind::data) {
        bytes += header->raw_size;
        more = found.empty() || bytes <= max_bytes;
        continue;
      }
      index_.catalog().learn(*header, blocks.body());
      // A prelude names the last watermark before it: news where the file that had it is gone.
      if (header->kind != BlockKind::watermark && header->kind != BlockKind::resume) continue;
      if (header->first <= number) continue;
      number = header->first;
      found = blocks.body();
      found_end = {place.segment, blocks.after()};
      more = bytes <= max_bytes;
    }
  }
  if (found.empty()) return Scan{};
  Scan scan{read_seal(found, index_.catalog(), index_.tail()->journal).watermark};
  if (!scan.found || scan.found->number != number)
    throw Error(ErrorKind::data,
                "watermark " + std::to_string(number) + " of the journal holds another, or none");
  index_.remember(*scan.found, found_end);
  return scan;
}

void EmbeddedReader::read(const Ends& from, const Ends& to, const Visitor& visit,
                          const std::function<bool(const std::string& stream)>& only) {
  const auto visit_all = [&](const Change& change, const Partition& partition, Offset offset) {
    visit(change, partition, offset);
    return true;
  };
  RangeRead(index_, from, to, visit_all, only).run();
}

void EmbeddedReader::read_while(const Partition& partition, Offset from, Offset to, const Taker& take) {
  const auto take_one = [&](const Change& change, const Partition&, Offset offset) {
    return take(change, offset);
  };
  RangeRead(index_, {{partition, from}}, {{partition, to}}, take_one, {}).run();
}

void EmbeddedReader::release(const Durable<Ends>& ends, const std::set<std::string>& held) {
  if (!index_.refresh()) return;
  write_released(index_.layout(), {index_.tail()->journal, ends.get(), held});
}

Ends EmbeddedReader::gaps() const {
  const std::optional<Released> released = read_released(index_.layout());
  Ends ends;
  for (const auto& [stream, end] : open_gaps(read_gaps(index_.layout()), released.value_or(Released())))
    ends[{stream, 0}] = Offset(end);
  return ends;
}

std::uint64_t EmbeddedReader::bytes() const {
  const std::optional<Tail> tail = read_tail(index_.layout());
  return tail ? tail->bytes : 0;
}

std::optional<LastSealed> read_last_sealed(const EmbeddedOptions& options) {
  const Layout layout(options.directory);
  const std::optional<Tail> tail = read_tail(layout);
  if (!tail) return std::nullopt;
  LogState state = replay(layout.segment(tail->end.segment), tail->end.byte);
  return LastSealed{std::move(state.notes), std::move(state.last)};
}

std::unique_ptr<Reader> open_reader(const EmbeddedOptions& options) {
  return std::make_unique<EmbeddedReader>(options);
}

}  // namespace freshet::journal
