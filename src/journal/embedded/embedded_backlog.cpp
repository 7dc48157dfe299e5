#include "journal/embedded/embedded_backlog.h"

#include <algorithm>

#include "journal/embedded/block_reader.h"
#include "journal/embedded/held.h"

namespace freshet::journal {
namespace {

// What one look may read: whoever asks has other things to do. What is beyond is counted by the next looks.
constexpr int kBlocksAtATime = 8'192;
// Beyond this the spans of a stream are joined two by two; only within the first one positions are then less
// sharp.
constexpr std::size_t kSpansMax = 1'024;

std::uint64_t position_of(const Ends& positions, const Partition& partition) {
  const auto found = positions.find(partition);
  return found == positions.end() ? 0 : found->second.value();
}

}  // namespace

std::map<std::string, std::uint64_t> EmbeddedBacklog::ahead_of(const Ends& positions) {
  std::map<std::string, std::uint64_t> ahead;
  if (!index_.refresh()) return ahead;
  follow(positions);
  add_held(positions, ahead);
  for (auto& [number, spans] : spans_) {
    const Partition& partition = index_.catalog().at(number).partition;
    const std::uint64_t bytes = bytes_above(spans, position_of(positions, partition));
    if (bytes > 0) ahead[partition.stream] += bytes;
  }
  return ahead;
}

// Streams without a position stand at their first record. Those that the last segment's prelude doesn't name
// begin within that segment.
Place EmbeddedBacklog::first_place(const Ends& positions) {
  index_.before({});  // for what it comes across: the last prelude, and so every stream's name
  std::map<std::string, std::uint64_t> offsets;
  for (std::uint32_t number = 1; number <= index_.catalog().size(); ++number) {
    const Partition& partition = index_.catalog().at(number).partition;
    offsets[partition.stream] = position_of(positions, partition);
  }
  return index_.before(offsets);
}

void EmbeddedBacklog::follow(const Ends& positions) {
  if (!next_) {
    next_ = first_place(positions);
  }
  for (int blocks_left = kBlocksAtATime; next_->segment <= index_.tail()->end.segment;) {
    std::optional<LogIndex::Readable> readable = index_.open(next_->segment);
    if (!readable) {  // released, or held elsewhere: what is left begins above it
      next_ = index_.after(std::nullopt);
      continue;
    }
    BlockReader blocks(std::move(readable->file), next_->byte, readable->end, BlockReader::Window::headers);
    while (const auto header = blocks.next()) {
      if (blocks_left-- == 0) return;
      if (header->kind == BlockKind::data)
        note(*header);
      else
        index_.catalog().learn(*header, blocks.body());
      next_->byte = blocks.after();
    }
    if (next_->segment == index_.tail()->end.segment) return;
    next_ = {next_->segment + 1, 0};
  }
}

void EmbeddedBacklog::note(const BlockHeader& header) {
  std::deque<Span>& spans = spans_[header.stream];
  spans.push_back({header.first, header.first + header.records, kHeaderSize + header.size});
  if (spans.size() <= kSpansMax) return;
  for (std::size_t i = 0; i < kSpansMax / 2; ++i) {
    const Span& low = spans[2 * i];
    const Span& high = spans[2 * i + 1];
    spans[i] = {low.first, high.end, low.bytes + high.bytes};
  }
  spans.erase(spans.begin() + kSpansMax / 2, spans.begin() + kSpansMax / 2 * 2);
}

// Positions only rise, so what is below one is forgotten.
std::uint64_t EmbeddedBacklog::bytes_above(std::deque<Span>& spans, std::uint64_t position) const {
  while (!spans.empty() && spans.front().end <= position) spans.pop_front();
  std::uint64_t bytes = 0;
  for (const Span& span : spans) {
    const auto ahead = static_cast<double>(span.end - std::max(span.first, position));
    bytes += static_cast<std::uint64_t>(static_cast<double>(span.bytes) * ahead /
                                        static_cast<double>(span.end - span.first));
  }
  return bytes;
}

// What was moved out of the log before we came; the spans have the rest.
void EmbeddedBacklog::add_held(const Ends& positions, std::map<std::string, std::uint64_t>& ahead) {
  for (const HeldFile& file : list_held(index_.layout())) {
    const auto known = spans_.find(file.stream);
    if (known == spans_.end()) continue;  // its name isn't known either
    const Partition& partition = index_.catalog().at(file.stream).partition;
    const bool in_spans = !known->second.empty() && known->second.front().first < file.end;
    if (!in_spans && file.end > position_of(positions, partition)) ahead[partition.stream] += file.bytes;
  }
}

std::unique_ptr<Backlog> open_backlog(const EmbeddedOptions& options) {
  return std::make_unique<EmbeddedBacklog>(options);
}

}  // namespace freshet::journal
