#include "journal/embedded/layout.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <charconv>

#include "adapter/files/directory.h"
#include "base/bytes.h"

namespace freshet::journal {

std::string file_number(std::uint64_t number) {
  return fmt::format("{:012}", number);
}

std::filesystem::path Layout::segment(std::uint64_t number) const {
  return segments() / file_number(number);
}

std::vector<std::uint64_t> Layout::list_segments() const {
  std::vector<std::uint64_t> numbers;
  for (const std::string& name : files::list(segments())) {
    std::uint64_t number = 0;
    const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (failed == std::errc() && end == name.data() + name.size()) numbers.push_back(number);
  }
  return numbers;
}

std::string with_checksum(std::string_view content) {
  std::string bytes;
  append_le(bytes, static_cast<std::uint32_t>(content.size()));
  bytes += content;
  append_le(bytes, XXH3_64bits(bytes.data(), bytes.size()));
  return bytes;
}

void write_checked(files::File& file, std::string_view content) {
  file.write_at(0, with_checksum(content));
}

std::optional<std::string> read_checked(const std::filesystem::path& path) {
  const std::optional<std::string> bytes = files::read_whole(path);
  if (!bytes || bytes->size() < sizeof(std::uint32_t)) return std::nullopt;
  const std::size_t end = sizeof(std::uint32_t) + load_le<std::uint32_t>(bytes->data());
  if (bytes->size() < end + sizeof(std::uint64_t)) return std::nullopt;
  if (load_le<std::uint64_t>(bytes->data() + end) != XXH3_64bits(bytes->data(), end)) return std::nullopt;
  return bytes->substr(sizeof(std::uint32_t), end - sizeof(std::uint32_t));
}

}  // namespace freshet::journal
