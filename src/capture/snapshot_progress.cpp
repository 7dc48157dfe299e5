#include "capture/snapshot_progress.h"

#include <fmt/format.h>

#include <algorithm>

#include "capture/scanner.h"

namespace freshet::capture {
namespace {

LeafProgress scan_leaf(Scanner& from) {
  LeafProgress leaf;
  leaf.oid = from.number<std::uint32_t>();
  from.expect(":");
  leaf.identity = from.until(':');
  from.expect(":");
  leaf.blocks = from.number<std::uint32_t>();
  from.expect(":");
  while (!from.at_end() && !from.skip(';')) {
    Blocks blocks;
    blocks.from = from.number<std::uint32_t>();
    from.expect("-");
    blocks.to = from.number<std::uint32_t>();
    if (blocks.to <= blocks.from || blocks.to > leaf.blocks) from.fail();
    leaf.taken.add(blocks);
    from.skip(',');
  }
  return leaf;
}

void append_leaf(std::string& to, const LeafProgress& leaf) {
  fmt::format_to(std::back_inserter(to), "{}:{}:{}:", leaf.oid, leaf.identity, leaf.blocks);
  bool first = true;
  for (const Blocks& blocks : leaf.taken.ranges()) {
    fmt::format_to(std::back_inserter(to), "{}{}-{}", first ? "" : ",", blocks.from, blocks.to);
    first = false;
  }
  to += ';';
}

}  // namespace

void BlockSet::add(Blocks blocks) {
  if (blocks.from == blocks.to) return;
  const auto begin = std::ranges::find_if(ranges_, [&](const Blocks& b) { return b.to >= blocks.from; });
  const auto end = std::find_if(begin, ranges_.end(), [&](const Blocks& b) { return b.from > blocks.to; });
  if (begin != end) {
    blocks.from = std::min(blocks.from, begin->from);
    blocks.to = std::max(blocks.to, std::prev(end)->to);
  }
  ranges_.insert(ranges_.erase(begin, end), blocks);
}

std::vector<Blocks> BlockSet::missing(std::uint32_t end) const {
  std::vector<Blocks> gaps;
  std::uint32_t at = 0;
  for (const Blocks& taken : ranges_) {
    if (taken.from > at) gaps.push_back({at, taken.from});
    at = taken.to;
  }
  if (at < end) gaps.push_back({at, end});
  return gaps;
}

std::uint64_t BlockSet::count() const {
  std::uint64_t sum = 0;
  for (const Blocks& blocks : ranges_) sum += blocks.count();
  return sum;
}

std::string encode(const TableProgress& progress) {
  std::string text = fmt::format("1 v={} flags={} state={} leaves=", to_string(progress.v), progress.flags,
                                 progress.complete ? "complete" : "reading");
  for (const LeafProgress& leaf : progress.leaves) append_leaf(text, leaf);
  return text;
}

TableProgress decode_progress(std::string_view text) {
  Scanner from(text, "the progress of a snapshot");
  TableProgress progress;
  from.expect("1 v=");
  progress.v = parse_lsn(from.until(' '));
  from.expect(" flags=");
  progress.flags = from.number<std::uint8_t>();
  from.expect(" state=");
  const std::string_view state = from.until(' ');
  if (state != "complete" && state != "reading") from.fail();
  progress.complete = state == "complete";
  from.expect(" leaves=");
  while (!from.at_end()) progress.leaves.push_back(scan_leaf(from));
  return progress;
}

}  // namespace freshet::capture
