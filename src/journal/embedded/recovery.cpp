#include "journal/embedded/recovery.h"

#include <algorithm>

#include "adapter/files/directory.h"
#include "base/bytes.h"
#include "base/log.h"
#include "journal/embedded/block_reader.h"
#include "journal/embedded/watermark.h"

namespace freshet::journal {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 20;

bool is_seal(BlockKind kind) {
  return kind == BlockKind::watermark || kind == BlockKind::opening;
}

// What a walk over a segment found.
struct Walk {
  std::uint64_t size = 0;
  std::uint64_t intact = 0;  // every block up to here is whole
  std::uint64_t seal = 0;    // the end of the last seal among them; 0: none
  std::uint64_t proven = 0;  // durable once, as a later block says
  std::string damage{};      // what was found at `intact`, when that isn't the end
};

Walk walk(const files::Path& path) {
  files::File file = files::File::open(path);
  Walk found{.size = file.size()};
  BlockReader blocks(std::move(file), 0, found.size, BlockReader::Window::bodies);
  try {
    while (const auto header = blocks.next()) {
      blocks.block();  // verifies
      found.intact = blocks.after();
      if (is_seal(header->kind)) found.seal = found.intact;
      if (header->kind == BlockKind::watermark)
        found.proven = std::max(found.proven, read_synced(blocks.body()));
    }
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::data) throw;
    found.damage = error.message();
  }
  return found;
}

// The `synced` of the watermark block at `offset`; 0 when there is none.
std::uint64_t synced_at(const files::File& file, std::uint64_t offset, const BlockHeader& header) {
  const std::uint64_t size = file.size();
  if (header.kind != BlockKind::watermark || header.size > size - std::min(size, offset + kHeaderSize))
    return 0;
  std::string body(header.size, '\0');
  std::string unpacked;
  body.resize(file.read_at(offset + kHeaderSize, body.data(), body.size()));
  return body_intact(header, body) ? read_synced(unpack(header, body, unpacked)) : 0;
}

// Looks for watermark blocks beyond damage, at any byte: the most that one of them says was durable.
std::uint64_t proven_beyond(const files::Path& path, std::uint64_t from) {
  const files::File file = files::File::open(path);
  std::uint64_t proven = 0;
  std::string chunk(kChunk + kHeaderSize, '\0');
  std::string magic;
  append_le(magic, kMagic);
  for (std::uint64_t at = from;; at += kChunk) {
    const std::string_view bytes(chunk.data(), file.read_at(at, chunk.data(), chunk.size()));
    for (std::size_t hit = bytes.find(magic); hit < kChunk; hit = bytes.find(magic, hit + 1))
      if (const auto header = parse_header(bytes.substr(hit)))
        proven = std::max(proven, synced_at(file, at + hit, *header));
    if (bytes.size() < chunk.size()) return proven;
  }
}

std::uint64_t proven_end(const files::Path& path, const Walk& found, std::uint64_t by_tail) {
  std::uint64_t proven = std::max(found.proven, by_tail);
  if (!found.damage.empty()) proven = std::max(proven, proven_beyond(path, found.intact));
  return proven;
}

[[noreturn]] void refuse_damaged(const files::Path& path, const Walk& found) {
  const std::string what = found.damage.empty() ? "journal file " + path.string() + " is cut off at byte " +
                                                      std::to_string(found.size)
                                                : found.damage;
  throw Error(ErrorKind::data, what + "; changes that were sealed there are lost",
              "restore the file, or start over: docs/runbook/snapshot-again.md");
}

void require_whole_row(const Layout& layout, const std::vector<std::uint64_t>& segments,
                       const std::optional<Tail>& tail) {
  if (tail && (segments.empty() || segments.back() < tail->end.segment))
    throw Error(ErrorKind::data, "journal file " + layout.segment(tail->end.segment).string() + " is missing",
                "restore the file, or start over: docs/runbook/snapshot-again.md");
  for (std::size_t i = 1; i < segments.size(); ++i)
    if (segments[i] != segments[i - 1] + 1)
      throw Error(ErrorKind::data,
                  "journal file " + layout.segment(segments[i - 1] + 1).string() + " is missing",
                  "restore the file, or start over: docs/runbook/snapshot-again.md");
}

// Written again, because after a failed write-back the page cache may hold what the disk doesn't, and the
// next fdatasync would vouch for it.
void write_again(files::File& file, std::uint64_t from, std::uint64_t to) {
  std::string chunk;
  for (; from < to; from += chunk.size()) {
    chunk.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kChunk, to - from)));
    CHECK(file.read_at(from, chunk.data(), chunk.size()) == chunk.size());
    file.write_at(from, chunk);
  }
}

void cut(const files::Path& path, const Walk& found, std::uint64_t proven) {
  files::File file = files::File::open_to_write(path);
  if (found.seal < found.size) {
    log::info("journal_tail_cut",
              {{"file", path.string()}, {"at", found.seal}, {"bytes", found.size - found.seal}});
    file.truncate(found.seal);
  }
  write_again(file, std::min(proven, found.seal), found.seal);
  file.sync_data();
}

void remove_from(const Layout& layout, const std::vector<std::uint64_t>& segments, std::size_t first) {
  for (std::size_t i = segments.size(); i > first; --i) files::remove(layout.segment(segments[i - 1]));
  files::sync_directory(layout.segments());
}

}  // namespace

LogState replay(const files::Path& path, std::uint64_t end) {
  LogState state;
  BlockReader blocks(files::File::open(path), 0, end, BlockReader::Window::headers);
  while (const auto header = blocks.next())
    state.apply(*header, header->kind == BlockKind::data ? std::string_view() : blocks.body());
  return state;
}

std::optional<Recovered> recover(const Layout& layout) {
  const std::vector<std::uint64_t> segments = layout.list_segments();
  const std::optional<Tail> tail = read_tail(layout);
  require_whole_row(layout, segments, tail);
  for (std::size_t i = segments.size(); i > 0; --i) {
    const files::Path path = layout.segment(segments[i - 1]);
    const Walk found = walk(path);
    const bool has_tail = tail && tail->end.segment == segments[i - 1];
    const std::uint64_t proven = proven_end(path, found, has_tail ? tail->end.byte : 0);
    // A file that has a successor was durable as a whole before that was made.
    const bool complete = i < segments.size();
    if (found.intact < proven || (complete && found.intact < found.size)) refuse_damaged(path, found);
    if (found.seal == 0) continue;
    remove_from(layout, segments, i);
    cut(path, found, proven);
    Recovered recovered{replay(path, found.seal), {segments[i - 1], found.seal}};
    if (tail && tail->journal != recovered.state.journal)
      throw Error(ErrorKind::identity, "the files in " + layout.directory().string() + " are of two journals",
                  "restore the folder as a whole, or start over: docs/runbook/snapshot-again.md");
    return recovered;
  }
  if (!segments.empty() && segments.front() != 1)
    throw Error(ErrorKind::data, "no seal was found in " + layout.segments().string(),
                "restore the folder, or start over: docs/runbook/snapshot-again.md");
  remove_from(layout, segments, 0);
  return std::nullopt;
}

}  // namespace freshet::journal
