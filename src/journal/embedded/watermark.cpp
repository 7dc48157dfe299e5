#include "journal/embedded/watermark.h"

#include "base/bytes.h"

namespace freshet::journal {
namespace {

constexpr std::uint32_t kFormatVersion = 1;

void append_watermark(std::string& to, const Watermark& watermark, const Catalog& catalog) {
  append_le(to, watermark.generation.value());
  append_le(to, watermark.number);
  append_le(to, watermark.epoch);
  append_le(to, watermark.commit_lsn.value());
  append_le(to, watermark.committed_at);
  append_varint(to, watermark.ends.size());
  for (const auto& [partition, end] : watermark.ends) {
    append_varint(to, catalog.find(partition.stream)->number);
    append_varint(to, end.value());
  }
}

Watermark read_watermark(ByteReader& from, const Catalog& catalog) {
  Watermark watermark;
  watermark.generation = Generation(from.le<std::uint64_t>());
  watermark.number = from.le<std::uint64_t>();
  if (watermark.number == 0 || watermark.number >= kCountMax)
    throw Error(ErrorKind::data, "a watermark in the journal has a number that none has");
  watermark.epoch = from.le<Epoch>();
  watermark.commit_lsn = Lsn(from.le<std::uint64_t>());
  watermark.committed_at = from.le<Micros>();
  for (std::uint64_t left = from.varint(); left > 0; --left) {
    const auto number = static_cast<std::uint32_t>(from.varint());
    watermark.ends[catalog.at(number).partition] = Offset(from.varint());
  }
  return watermark;
}

}  // namespace

std::string seal_body(const Seal& seal, const Catalog& catalog) {
  std::string body;
  append_le(body, seal.synced);
  if (seal.watermark) append_watermark(body, *seal.watermark, catalog);
  return body;
}

Seal read_seal(std::string_view raw, const Catalog& catalog, const std::string& journal) {
  ByteReader from(raw);
  Seal seal{from.le<std::uint64_t>(), std::nullopt};
  if (from.at_end()) return seal;
  seal.watermark = read_watermark(from, catalog);
  seal.watermark->journal = journal;
  return seal;
}

std::uint64_t read_synced(std::string_view raw) {
  return ByteReader(raw).le<std::uint64_t>();
}

std::string segment_body(const std::string& journal) {
  std::string body;
  append_le(body, kFormatVersion);
  return body + journal;
}

std::string read_segment_body(std::string_view raw) {
  ByteReader from(raw);
  const auto version = from.le<std::uint32_t>();
  if (version != kFormatVersion)
    throw Error(ErrorKind::unsupported, "the journal has format " + std::to_string(version) +
                                            "; this program reads " + std::to_string(kFormatVersion));
  return std::string(from.bytes(from.left()));
}

}  // namespace freshet::journal
