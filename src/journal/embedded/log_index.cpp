#include "journal/embedded/log_index.h"

#include <algorithm>

#include "journal/embedded/block_reader.h"
#include "journal/embedded/watermark.h"

namespace freshet::journal {
namespace {

// Load asks for the place after the watermark it was given last, and reads from the one before it.
constexpr std::size_t kMarksMax = 16;
constexpr std::size_t kPreludesMax = 64;

[[noreturn]] void refuse(const Watermark& watermark, const std::string& why) {
  throw Error(
      ErrorKind::identity,
      "position " + std::to_string(watermark.number) + " of journal " + watermark.journal + ": " + why,
      "the journal was replaced, or restored from an older copy; start over: docs/runbook/snapshot-again.md");
}

void require_same(const Watermark& asked, const std::optional<Watermark>& found) {
  if (asked != found) refuse(asked, "the journal has another history there");
}

}  // namespace

const std::optional<Tail>& LogIndex::refresh() {
  if (std::optional<Tail> tail = read_tail(layout_)) {
    if (tail_ && tail_->journal != tail->journal)
      throw Error(ErrorKind::identity,
                  "the journal in " + layout_.directory().string() + " was replaced by another",
                  "start load again");
    tail_ = std::move(tail);
  }
  return tail_;
}

std::optional<LogIndex::Readable> LogIndex::open(std::uint64_t segment) const {
  std::optional<files::File> file = files::File::open_if_there(layout_.segment(segment));
  if (!file) return std::nullopt;
  const std::uint64_t size = file->size();
  const std::uint64_t end = segment == tail_->end.segment ? tail_->end.byte : size;
  if (end > size)
    throw Error(ErrorKind::data,
                "journal file " + layout_.segment(segment).string() + " is damaged: it is shorter than the " +
                    std::to_string(end) + " bytes that were sealed in it",
                "check the disk; if the file can't be restored, start over: docs/runbook/snapshot-again.md");
  return Readable{std::move(*file), end};
}

std::pair<std::uint64_t, std::uint64_t> LogIndex::segments() {
  const std::vector<std::uint64_t> numbers = layout_.list_segments();
  // After a power failure the tail file may be older than what retention has done since.
  if (numbers.empty() || numbers.front() > tail_->end.segment)
    throw Error(ErrorKind::transient,
                "the journal's files in " + layout_.segments().string() + " aren't those of its tail file",
                "start capture; if that doesn't open the journal, restore the folder as a whole");
  preludes_.erase(preludes_.begin(), preludes_.lower_bound(numbers.front()));
  return {numbers.front(), tail_->end.segment};
}

const Prelude& LogIndex::prelude(std::uint64_t segment) {
  const auto known = preludes_.find(segment);
  if (known != preludes_.end()) return known->second;
  std::optional<Prelude> found = read_prelude(layout_, segment, catalog_);
  if (!found)
    throw Error(ErrorKind::transient,
                "journal file " + layout_.segment(segment).string() + " was just released");
  if (preludes_.size() >= kPreludesMax) preludes_.clear();
  return preludes_.emplace(segment, std::move(*found)).first->second;
}

template <class Predicate>
std::uint64_t LogIndex::last_segment_where(const Predicate& at_or_before) {
  auto [low, high] = segments();
  while (low < high) {
    const std::uint64_t middle = low + (high - low + 1) / 2;
    if (at_or_before(prelude(middle)))
      low = middle;
    else
      high = middle - 1;
  }
  return low;
}

Place LogIndex::after(const std::optional<Watermark>& watermark) {
  if (!watermark) return {segments().first, 0};
  for (const Mark& mark : marks_)
    if (mark.watermark == *watermark) return mark.place;
  if (watermark->journal != tail_->journal) refuse(*watermark, "the journal here is " + tail_->journal);
  const Place place = search(*watermark);
  remember(*watermark, place);
  return place;
}

void LogIndex::remember(Watermark watermark, Place place) {
  marks_.push_front({std::move(watermark), place});
  if (marks_.size() > kMarksMax) marks_.pop_back();
}

void LogIndex::forget(std::uint64_t segment) {
  std::erase_if(marks_, [&](const Mark& mark) { return mark.place.segment <= segment; });
}

// A segment may begin between two seals, so a watermark that its prelude names isn't right before it.
Place LogIndex::search(const Watermark& watermark) {
  const std::uint64_t segment =
      last_segment_where([&](const Prelude& prelude) { return prelude.last_number() < watermark.number; });
  const Prelude& found = prelude(segment);
  if (found.last_number() < watermark.number) return search_segment(segment, watermark);
  if (found.last_number() == watermark.number) require_same(watermark, found.last);
  return {segment, 0};
}

Place LogIndex::search_segment(std::uint64_t segment, const Watermark& watermark) {
  if (std::optional<Readable> readable = open(segment)) {
    BlockReader blocks(std::move(readable->file), 0, readable->end, BlockReader::Window::headers);
    while (const auto header = blocks.next()) {
      if (header->kind != BlockKind::data) catalog_.learn(*header, blocks.body());
      if (header->kind != BlockKind::watermark || header->first != watermark.number) continue;
      require_same(watermark, read_seal(blocks.body(), catalog_, tail_->journal).watermark);
      return {segment, blocks.after()};
    }
  }
  refuse(watermark, "the journal doesn't have it");
}

Place LogIndex::before(const std::map<std::string, std::uint64_t>& offsets) {
  const std::uint64_t segment = last_segment_where([&](const Prelude& prelude) {
    return std::all_of(offsets.begin(), offsets.end(), [&](const auto& wanted) {
      const Catalog::Stream* stream = catalog_.find(wanted.first);
      return stream == nullptr || prelude.start(stream->number) <= wanted.second;
    });
  });
  Place best{segment, 0};
  for (const Mark& mark : marks_) {
    const bool below = std::all_of(offsets.begin(), offsets.end(), [&](const auto& wanted) {
      const auto end = mark.watermark.ends.find(Partition{wanted.first, 0});
      return end == mark.watermark.ends.end() || end->second.value() <= wanted.second;
    });
    if (below) best = std::max(best, mark.place);
  }
  return best;
}

}  // namespace freshet::journal
