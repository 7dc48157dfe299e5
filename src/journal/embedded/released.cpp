#include "journal/embedded/released.h"

#include "base/bytes.h"

namespace freshet::journal {
namespace {

void append_text(std::string& to, std::string_view text) {
  append_varint(to, text.size());
  to += text;
}

std::string read_text(ByteReader& from) {
  return std::string(from.bytes(from.varint()));
}

}  // namespace

void write_released(const Layout& layout, const Released& released) {
  std::string content;
  append_text(content, released.journal);
  append_varint(content, released.ends.size());
  for (const auto& [partition, end] : released.ends) {
    append_text(content, partition.stream);
    append_varint(content, end.value());
  }
  append_varint(content, released.held.size());
  for (const std::string& stream : released.held) append_text(content, stream);
  files::File file = files::File::open_to_write(layout.released());
  write_checked(file, content);
}

std::optional<Released> read_released(const Layout& layout) {
  const std::optional<std::string> content = read_checked(layout.released());
  if (!content) return std::nullopt;
  ByteReader from(*content);
  Released released;
  released.journal = read_text(from);
  for (std::uint64_t left = from.varint(); left > 0; --left) {
    std::string stream = read_text(from);
    released.ends[{std::move(stream), 0}] = Offset(from.varint());
  }
  for (std::uint64_t left = from.varint(); left > 0; --left) released.held.insert(read_text(from));
  return released;
}

}  // namespace freshet::journal
