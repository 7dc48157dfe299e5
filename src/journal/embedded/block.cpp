#include "journal/embedded/block.h"

#include <lz4.h>
#include <xxhash.h>

#include "base/bytes.h"
#include "base/check.h"

namespace freshet::journal {
namespace {

constexpr std::size_t kSummed = kHeaderSize - sizeof(std::uint64_t);  // all but the header's own checksum
// Bodies below this aren't worth a compressor's start.
constexpr std::size_t kCompressFrom = 128;

std::string encode(const BlockHeader& header) {
  std::string out;
  out.reserve(kHeaderSize);
  append_le(out, kMagic);
  append_le(out, header.kind);
  append_le(out, static_cast<std::uint8_t>(header.compressed));
  append_le(out, header.epoch);
  append_le(out, std::uint8_t{0});
  append_le(out, header.stream);
  append_le(out, header.schema);
  append_le(out, header.records);
  append_le(out, header.raw_size);
  append_le(out, header.size);
  append_le(out, std::uint32_t{0});
  append_le(out, header.generation.value());
  append_le(out, header.first);
  append_le(out, header.lowest_commit.value());
  append_le(out, header.highest_commit.value());
  append_le(out, header.body_sum);
  append_le(out, XXH3_64bits(out.data(), kSummed));
  return out;
}

// Appends `raw` packed; false, and nothing appended, when that wouldn't be smaller.
bool append_packed(std::string& to, std::string_view raw) {
  if (raw.size() < kCompressFrom) return false;
  const std::size_t start = to.size();
  const int bound = LZ4_compressBound(static_cast<int>(raw.size()));
  to.resize(start + static_cast<std::size_t>(bound));
  const int size = LZ4_compress_default(raw.data(), to.data() + start, static_cast<int>(raw.size()), bound);
  const bool smaller = size > 0 && static_cast<std::size_t>(size) < raw.size();
  to.resize(start + (smaller ? static_cast<std::size_t>(size) : 0));
  return smaller;
}

// LZ4 packs at most so many bytes into one.
constexpr std::uint64_t kPackedMax = 255;

// What no writer puts in a header, checksum or not: whoever reads the block need not think of it.
bool plausible(const BlockHeader& header, std::uint8_t kind, std::uint8_t packing) {
  const bool known = kind >= static_cast<std::uint8_t>(BlockKind::segment) &&
                     kind <= static_cast<std::uint8_t>(BlockKind::opening) && packing <= 1;
  const std::uint64_t holds = header.compressed ? kPackedMax * header.size : header.size;
  const bool sized =
      header.raw_size <= kBodyMax && header.size <= header.raw_size && header.raw_size <= holds;
  const bool counted =
      header.generation.value() < kCountMax && header.first < kCountMax && header.schema < UINT32_MAX;
  const bool holds_records = header.records > 0 && header.stream > 0;
  return known && sized && counted && (header.kind != BlockKind::data || holds_records);
}

}  // namespace

void append_block(std::string& to, BlockHeader header, std::string_view raw) {
  CHECK(raw.size() <= kBodyMax);
  const std::size_t start = to.size();
  to.append(kHeaderSize, '\0');
  header.compressed = append_packed(to, raw);
  if (!header.compressed) to += raw;
  const std::string_view body = std::string_view(to).substr(start + kHeaderSize);
  header.raw_size = static_cast<std::uint32_t>(raw.size());
  header.size = static_cast<std::uint32_t>(body.size());
  header.body_sum = XXH3_64bits(body.data(), body.size());
  to.replace(start, kHeaderSize, encode(header));
}

std::optional<BlockHeader> parse_header(std::string_view bytes) {
  if (bytes.size() < kHeaderSize || load_le<std::uint32_t>(bytes.data()) != kMagic) return std::nullopt;
  if (load_le<std::uint64_t>(bytes.data() + kSummed) != XXH3_64bits(bytes.data(), kSummed))
    return std::nullopt;
  ByteReader from(bytes.substr(sizeof kMagic));
  BlockHeader header;
  const auto kind = from.le<std::uint8_t>();
  const auto packing = from.le<std::uint8_t>();
  header.kind = static_cast<BlockKind>(kind);
  header.compressed = packing == 1;
  header.epoch = from.le<Epoch>();
  from.bytes(1);
  header.stream = from.le<std::uint32_t>();
  header.schema = from.le<std::uint32_t>();
  header.records = from.le<std::uint32_t>();
  header.raw_size = from.le<std::uint32_t>();
  header.size = from.le<std::uint32_t>();
  from.bytes(4);
  header.generation = Generation(from.le<std::uint64_t>());
  header.first = from.le<std::uint64_t>();
  header.lowest_commit = Lsn(from.le<std::uint64_t>());
  header.highest_commit = Lsn(from.le<std::uint64_t>());
  header.body_sum = from.le<std::uint64_t>();
  return plausible(header, kind, packing) ? std::optional(header) : std::nullopt;
}

bool body_intact(const BlockHeader& header, std::string_view body) {
  return body.size() == header.size && XXH3_64bits(body.data(), body.size()) == header.body_sum;
}

std::string_view unpack(const BlockHeader& header, std::string_view body, std::string& buffer) {
  if (!header.compressed) return body;
  if (buffer.size() < header.raw_size) buffer.resize(header.raw_size);
  const int size = LZ4_decompress_safe(body.data(), buffer.data(), static_cast<int>(body.size()),
                                       static_cast<int>(header.raw_size));
  if (size < 0 || static_cast<std::uint32_t>(size) != header.raw_size)
    throw Error(ErrorKind::data, "a block's body doesn't unpack to the size its header gives");
  return std::string_view(buffer).substr(0, header.raw_size);
}

}  // namespace freshet::journal
