#include "journal/embedded/retention.h"

#include <algorithm>

#include "adapter/files/directory.h"
#include "journal/embedded/events.h"
#include "journal/embedded/prelude.h"

namespace freshet::journal {
namespace {

// How often the reader's positions are looked at; more often when there is little room.
constexpr std::chrono::milliseconds kEvery{1000};
constexpr std::chrono::milliseconds kEveryUnderPressure{10};
// Streams that don't run may keep this part of the limit, all together.
constexpr std::uint64_t kHeldPart = 5;

std::uint64_t released_end(const Released& released, const std::string& stream) {
  const auto end = released.ends.find({stream, 0});
  return end == released.ends.end() ? 0 : end->second.value();
}

}  // namespace

Retention::Retention(const EmbeddedOptions& options, const Layout& layout, const Catalog& catalog,
                     std::string journal)
    : options_(options),
      layout_(layout),
      catalog_(catalog),
      journal_(std::move(journal)),
      gaps_(read_gaps(layout)) {
  for (const std::uint64_t number : layout.list_segments()) {
    Catalog ignored;
    segments_.push_back({number, files::File::open(layout.segment(number)).size(),
                         read_prelude(layout, number, ignored)->starts});
    finished_bytes_ += segments_.back().bytes;
  }
  finished_bytes_ -= segments_.back().bytes;
  segments_.back().bytes = 0;
  for (const std::string& name : files::list(layout.held()))
    if (name.ends_with(".new")) files::remove(layout.held() / name);
  held_ = list_held(layout);
  for (const HeldFile& file : held_) held_bytes_ += file.bytes;
}

void Retention::next_segment(std::uint64_t finished_bytes, const std::vector<std::uint64_t>& starts) {
  segments_.back().bytes = finished_bytes;
  finished_bytes_ += finished_bytes;
  segments_.push_back({segments_.back().number + 1, 0, starts});
}

bool Retention::run(Place end, std::uint64_t sealed) {
  if (!due(bytes() + end.byte)) return false;
  tell(Kept{bytes() + end.byte, held_bytes_, options_.limit});
  const std::optional<Released> released = read_released(layout_);
  if (!released || released->journal != journal_) return false;
  const std::uint64_t before = bytes();
  try {
    free_segments(*released, sealed, end.byte);
    free_held(*released);
    enforce_held_limit(*released);
  } catch (const Error& error) {
    tell(RetentionFailed{error});
  }
  return bytes() != before;
}

bool Retention::due(std::uint64_t used) {
  const SteadyTime now = options_.clock->steady();
  const auto every = used > options_.limit / 4 * 3 ? kEveryUnderPressure : kEvery;
  if (last_run_ && now - *last_run_ < every) return false;
  last_run_ = now;
  return true;
}

// Stops at the first that must stay, so that the files left follow each other without a hole.
void Retention::free_segments(const Released& released, std::uint64_t sealed, std::uint64_t in_use_bytes) {
  while (segments_.front().number < sealed) {
    const bool pressure = bytes() + in_use_bytes > options_.limit / 4 * 3;
    if (!pressure && !old_enough(segments_.front())) return;
    if (!free_first(released)) return;
  }
}

// By the wall clock, since the last write to it.
bool Retention::old_enough(const Segment& segment) const {
  const WallTime written = files::modified(layout_.segment(segment.number));
  return options_.clock->wall() - written >= options_.retention_age;
}

bool Retention::free_first(const Released& released) {
  const Segment& first = segments_.front();
  const Segment& second = segments_[1];
  std::map<std::uint32_t, std::uint64_t> to_hold;
  for (std::uint32_t stream = 1; stream <= second.starts.size(); ++stream) {
    const std::uint64_t start = stream <= first.starts.size() ? first.starts[stream - 1] : 0;
    switch (need(released, stream, start, second.starts[stream - 1])) {
      case Need::none: break;
      case Need::running: return false;
      case Need::held: to_hold[stream] = released_end(released, catalog_.at(stream).partition.stream); break;
    }
  }
  if (!to_hold.empty()) take_aside(first.number, to_hold);
  files::remove(layout_.segment(first.number));
  finished_bytes_ -= first.bytes;
  segments_.pop_front();
  return true;
}

// Whether somebody needs the stream's records [start, end).
Retention::Need Retention::need(const Released& released, std::uint32_t stream, std::uint64_t start,
                                std::uint64_t end) const {
  const std::string& name = catalog_.at(stream).partition.stream;
  if (start == end || released_end(released, name) >= end) return Need::none;
  return released.held.contains(name) ? Need::held : Need::running;
}

void Retention::take_aside(std::uint64_t segment,
                           const std::map<std::uint32_t, std::uint64_t>& from_by_stream) {
  for (const HeldFile& file : hold(layout_, segment, from_by_stream)) {
    const auto place = std::lower_bound(held_.begin(), held_.end(), file);
    if (place != held_.end() && place->stream == file.stream && place->first == file.first) continue;
    held_.insert(place, file);
    held_bytes_ += file.bytes;
  }
}

void Retention::free_held(const Released& released) {
  for (std::size_t i = held_.size(); i > 0; --i) {
    const HeldFile& file = held_[i - 1];
    if (released_end(released, catalog_.at(file.stream).partition.stream) >= file.end) drop_held(i - 1);
  }
  const Gaps open = open_gaps(gaps_, released);
  if (open == gaps_) return;
  write_gaps(layout_, open);
  gaps_ = open;
}

// Takes from the stream that holds most: it can't push out what others hold.
void Retention::enforce_held_limit(const Released& released) {
  while (held_bytes_ > options_.limit / kHeldPart) {
    std::map<std::uint32_t, std::uint64_t> bytes;
    for (const HeldFile& file : held_) bytes[file.stream] += file.bytes;
    const auto largest = std::max_element(bytes.begin(), bytes.end(),
                                          [](const auto& a, const auto& b) { return a.second < b.second; });
    const auto oldest = std::find_if(held_.begin(), held_.end(),
                                     [&](const HeldFile& file) { return file.stream == largest->first; });
    const std::string& stream = catalog_.at(oldest->stream).partition.stream;
    Gaps gaps = open_gaps(gaps_, released);
    if (!gaps.contains(stream)) tell(GapOpened{stream, largest->second});
    gaps[stream] = oldest->end;
    write_gaps(layout_, gaps);
    gaps_ = std::move(gaps);
    drop_held(static_cast<std::size_t>(oldest - held_.begin()));
  }
}

void Retention::drop_held(std::size_t index) {
  files::remove(held_[index].path(layout_));
  held_bytes_ -= held_[index].bytes;
  held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(index));
}

}  // namespace freshet::journal
