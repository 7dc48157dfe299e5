#include "journal/embedded/held.h"

#include <fmt/format.h>

#include <charconv>

#include "adapter/files/directory.h"
#include "base/error.h"
#include "journal/embedded/block_reader.h"

namespace freshet::journal {
namespace {

constexpr std::size_t kPendingMax = std::size_t{256} << 10;

// "stream-first-end", as path() writes it; anything else is an unfinished copy.
std::optional<HeldFile> parse_name(const std::string& name) {
  HeldFile file;
  const char* at = name.data();
  const char* end = at + name.size();
  const auto number = [&](auto& value, char until) {
    const auto [stop, failed] = std::from_chars(at, end, value);
    const bool good = failed == std::errc() && (until == 0 ? stop == end : stop != end && *stop == until);
    at = stop + 1;
    return good;
  };
  if (!number(file.stream, '-') || !number(file.first, '-') || !number(file.end, 0)) return std::nullopt;
  return file;
}

// One stream's copy in the making.
class Copy {
 public:
  Copy(const Layout& layout, std::uint32_t stream, std::uint64_t from)
      : layout_(layout), path_(layout.held() / fmt::format("{}.new", stream)), from_(from) {
    held_.stream = stream;
  }

  void add(const BlockHeader& header, std::string_view block) {
    if (header.kind == BlockKind::data) {
      const std::uint64_t end = header.first + header.records;
      if (end <= from_) return;
      if (held_.end == 0) held_.first = header.first;
      held_.end = end;
    }
    pending_ += block;
    if (pending_.size() >= kPendingMax) write();
  }

  std::optional<HeldFile> finish() {
    if (held_.end == 0) return std::nullopt;
    write();
    file_->sync_data();
    held_.bytes = written_;
    files::rename(path_, held_.path(layout_));
    return held_;
  }

 private:
  void write() {
    if (!file_) file_ = files::File::create(path_);
    file_->write_at(written_, pending_);
    written_ += pending_.size();
    pending_.clear();
  }

  const Layout& layout_;
  std::filesystem::path path_;
  std::uint64_t from_;
  HeldFile held_;
  std::optional<files::File> file_;
  std::uint64_t written_ = 0;
  std::string pending_;
};

}  // namespace

std::filesystem::path HeldFile::path(const Layout& layout) const {
  return layout.held() / fmt::format("{:06}-{:020}-{:020}", stream, first, end);
}

std::vector<HeldFile> list_held(const Layout& layout) {
  std::vector<HeldFile> found;
  for (const std::string& name : files::list(layout.held())) {
    std::optional<HeldFile> file = parse_name(name);
    if (!file) continue;
    std::error_code gone;
    file->bytes = std::filesystem::file_size(layout.held() / name, gone);
    if (!gone) found.push_back(*file);
  }
  return found;
}

std::vector<HeldFile> hold(const Layout& layout, std::uint64_t segment,
                           const std::map<std::uint32_t, std::uint64_t>& from_by_stream) {
  std::map<std::uint32_t, Copy> copies;
  for (const auto& [stream, from] : from_by_stream) copies.try_emplace(stream, layout, stream, from);
  files::File file = files::File::open(layout.segment(segment));
  const std::uint64_t size = file.size();
  BlockReader blocks(std::move(file), 0, size, BlockReader::Window::bodies);
  while (const auto header = blocks.next()) {
    const auto copy = copies.find(header->stream);
    if (copy != copies.end()) copy->second.add(*header, blocks.block());
  }
  std::vector<HeldFile> held;
  for (auto& [stream, copy] : copies)
    if (const auto done = copy.finish()) held.push_back(*done);
  files::sync_directory(layout.held());
  return held;
}

}  // namespace freshet::journal
