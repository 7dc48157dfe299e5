#include "journal/embedded/range_read.h"

#include <fmt/format.h>

#include <algorithm>

#include "adapter/files/directory.h"
#include "base/shell_word.h"
#include "journal/embedded/held.h"
#include "journal/record.h"

namespace freshet::journal {
namespace {

// How often the log may change under us (retention taking a file just before we open it) in one read.
constexpr int kPassesMax = 4;

}  // namespace

RangeRead::RangeRead(LogIndex& index, const Ends& from, const Ends& to, Visit visit,
                     const std::function<bool(const std::string&)>& only)
    : index_(index), visit_(std::move(visit)) {
  for (const auto& [partition, end] : to) {
    if (only && !only(partition.stream)) continue;
    const auto begin = from.find(partition);
    const Range range{begin == from.end() ? 0 : begin->second.value(), end.value()};
    if (range.done()) continue;
    ranges_.emplace(partition.stream, range);
    ++open_;
  }
}

void RangeRead::run() {
  if (done()) return;
  if (!index_.refresh())
    throw Error(ErrorKind::transient, "there is no journal in " + index_.layout().directory().string(),
                "start capture");
  for (int i = 0; i < kPassesMax && !done(); ++i) pass();
  if (!done()) refuse_lost();
}

// From the first wanted record to the end of the log, or until everything was read.
void RangeRead::pass() {
  read_held();
  if (done()) return;
  const Place start = index_.before(wanted());
  if (!read_segment(start.segment, start.byte)) return;
  for (std::uint64_t segment = start.segment + 1; segment <= index_.tail()->end.segment && !done(); ++segment)
    if (!read_segment(segment, 0)) return;
}

std::map<std::string, std::uint64_t> RangeRead::wanted() const {
  std::map<std::string, std::uint64_t> offsets;
  for (const auto& [stream, range] : ranges_)
    if (!range.done()) offsets.emplace(stream, range.next);
  return offsets;
}

// What isn't in the log any more was moved aside, or is lost. The log is looked at first: records leave it
// only after they were moved.
void RangeRead::read_held() {
  const Prelude& log = index_.first_prelude();
  const bool needed = std::any_of(ranges_.begin(), ranges_.end(), [&](const auto& entry) {
    const Catalog::Stream* stream = index_.catalog().find(entry.first);
    return !entry.second.done() && stream != nullptr && entry.second.next < log.start(stream->number);
  });
  if (!needed) return;
  for (const HeldFile& held : list_held(index_.layout())) {
    const Range* range = range_of(held.stream);
    if (range == nullptr || range->done() || held.end <= range->next) continue;
    std::optional<files::File> file = files::File::open_if_there(held.path(index_.layout()));
    if (!file) continue;
    BlockReader blocks(std::move(*file), 0, held.bytes, BlockReader::Window::bodies);
    read_blocks(blocks);
  }
}

// False when the file is gone.
bool RangeRead::read_segment(std::uint64_t segment, std::uint64_t from) {
  std::optional<LogIndex::Readable> readable = index_.open(segment);
  if (!readable) {
    index_.forget(segment);
    return false;
  }
  BlockReader blocks(std::move(readable->file), from, readable->end, BlockReader::Window::bodies);
  read_blocks(blocks);
  return true;
}

void RangeRead::read_blocks(BlockReader& blocks) {
  while (!done()) {
    const auto header = blocks.next();
    if (!header) return;
    take(blocks, *header);
  }
}

void RangeRead::take(BlockReader& blocks, const BlockHeader& header) {
  if (header.kind == BlockKind::stream || header.kind == BlockKind::schema)
    return index_.catalog().learn(header, blocks.body());
  if (header.kind != BlockKind::data) return;
  Range* range = range_of(header.stream);
  if (range == nullptr || range->done() || header.first + header.records <= range->next) return;
  deliver(header, blocks.body(), *range);
  if (range->done()) --open_;
}

RangeRead::Range* RangeRead::range_of(std::uint32_t stream) {
  const std::string& name = index_.catalog().at(stream).partition.stream;  // refuses a number without one
  if (by_number_.size() < stream) by_number_.resize(stream);
  std::optional<Range*>& known = by_number_[stream - 1];
  if (!known) {
    const auto found = ranges_.find(name);
    known = found == ranges_.end() ? nullptr : &found->second;
  }
  return *known;
}

void RangeRead::deliver(const BlockHeader& header, std::string_view raw, Range& range) {
  const Catalog::Stream& stream = index_.catalog().at(header.stream);
  const TableSchema& schema = index_.catalog().schema(header.stream, header.schema);
  if (header.first > range.next)
    throw Error(ErrorKind::identity,
                fmt::format("records {} to {} of {} are no longer in the journal", range.next,
                            header.first - 1, stream.partition.stream),
                "freshet snapshot " + shell_word(stream.partition.stream));
  ByteReader from(raw);
  for (std::uint64_t offset = header.first; offset < header.first + header.records; ++offset) {
    Change change = read_record(from);
    if (offset < range.next) continue;
    if (offset >= range.end) break;
    change.schema = &schema;
    change.generation = header.generation;
    change.epoch = header.epoch;
    if (!visit_(change, stream.partition, Offset(offset))) range.end = offset;
    range.next = offset + 1;
  }
}

void RangeRead::refuse_lost() {
  const auto& [stream, range] =
      *std::find_if(ranges_.begin(), ranges_.end(), [](const auto& entry) { return !entry.second.done(); });
  const std::string what = fmt::format("records {} to {} of {}", range.next, range.end - 1, stream);
  // After a power failure the tail file may be behind the log until a writer has opened it.
  if (!files::DirectoryLock::is_held(index_.layout().lock()))
    throw Error(ErrorKind::transient, what + " aren't readable before capture has opened the journal",
                "start capture");
  throw Error(ErrorKind::identity, what + " aren't in the journal",
              "the journal was restored from an older copy; start over: docs/runbook/snapshot-again.md");
}

}  // namespace freshet::journal
