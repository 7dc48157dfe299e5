#include "fuzz/folder.h"

#include <xxhash.h>

#include <cstring>
#include <fstream>
#include <iterator>

#include "adapter/files/directory.h"
#include "base/bytes.h"
#include "journal/embedded/block.h"
#include "journal/embedded/layout.h"

namespace freshet::fuzz {
namespace {

using journal::kHeaderSize;
using journal::Layout;

enum class Kind : char { segment = 's', held = 'h', tail = 't', released = 'r', gaps = 'g' };

constexpr char kAsTheyAre = '!';
// More files than a journal of this size would have say nothing new.
constexpr int kFilesMax = 24;
// docs/formats/journal.md, "Block".
constexpr std::size_t kSizeAt = 24;
constexpr std::size_t kBodySumAt = 64;
constexpr std::size_t kHeaderSumAt = 72;

template <class T>
void put(std::string& bytes, std::size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

// Every block from the first on, as far as the sizes of their bodies lead.
void vouch_for_blocks(std::string& bytes) {
  for (std::size_t at = 0; at + kHeaderSize <= bytes.size();) {
    const std::size_t size = load_le<std::uint32_t>(bytes.data() + at + kSizeAt);
    if (size <= bytes.size() - at - kHeaderSize)
      put(bytes, at + kBodySumAt, XXH3_64bits(bytes.data() + at + kHeaderSize, size));
    put(bytes, at, journal::kMagic);
    put(bytes, at + kHeaderSumAt, XXH3_64bits(bytes.data() + at, kHeaderSumAt));
    at += kHeaderSize + size;
  }
}

// A small file: the size is put in as well.
void vouch_for_whole(std::string& bytes) {
  constexpr std::size_t kAround = sizeof(std::uint32_t) + sizeof(std::uint64_t);
  if (bytes.size() < kAround) return;
  bytes = journal::with_checksum(bytes.substr(sizeof(std::uint32_t), bytes.size() - kAround));
}

void write(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

// The file's name in the folder; `number` counts those of its kind.
std::filesystem::path place_of(const Layout& layout, Kind kind, std::uint64_t number) {
  switch (kind) {
    case Kind::segment: return layout.segment(number);
    case Kind::held:
      return layout.held() / ("000001-00000000000000000000-0000000000000000000" + std::to_string(number));
    case Kind::tail: return layout.tail();
    case Kind::released: return layout.released();
    case Kind::gaps: return layout.gaps();
  }
  return {};
}

void append_file(std::string& to, Kind kind, const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return;
  const std::string content{std::istreambuf_iterator<char>(in), {}};
  to.push_back(static_cast<char>(kind));
  append_le(to, static_cast<std::uint32_t>(content.size()));
  to += content;
}

}  // namespace

void unpack_folder(std::string_view bytes, const std::filesystem::path& directory) {
  const Layout layout(directory);
  std::filesystem::create_directories(layout.segments());
  std::filesystem::create_directories(layout.held());
  const bool as_they_are = bytes.starts_with(kAsTheyAre);
  if (as_they_are) bytes.remove_prefix(1);
  ByteReader from(bytes);
  std::uint64_t segments = 0;
  std::uint64_t held = 0;
  for (int i = 0; i < kFilesMax && from.left() > sizeof(std::uint32_t); ++i) {
    const auto kind = static_cast<Kind>(from.le<char>());
    const auto size = from.le<std::uint32_t>();
    std::string content(from.bytes(std::min<std::size_t>(size, from.left())));
    const bool has_blocks = kind == Kind::segment || kind == Kind::held;
    if (!as_they_are) has_blocks ? vouch_for_blocks(content) : vouch_for_whole(content);
    const std::uint64_t number = kind == Kind::segment ? ++segments : kind == Kind::held ? ++held : 0;
    if (const auto path = place_of(layout, kind, number); !path.empty()) write(path, content);
  }
}

std::string pack_folder(const std::filesystem::path& directory) {
  const Layout layout(directory);
  std::string bytes;
  for (const std::uint64_t number : layout.list_segments())
    append_file(bytes, Kind::segment, layout.segment(number));
  for (const std::string& name : files::list(layout.held()))
    append_file(bytes, Kind::held, layout.held() / name);
  append_file(bytes, Kind::tail, layout.tail());
  append_file(bytes, Kind::released, layout.released());
  append_file(bytes, Kind::gaps, layout.gaps());
  return bytes;
}

}  // namespace freshet::fuzz
