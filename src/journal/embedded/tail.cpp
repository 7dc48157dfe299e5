#include "journal/embedded/tail.h"

#include "base/bytes.h"

namespace freshet::journal {

void write_tail(files::File& file, const Tail& tail) {
  std::string content;
  append_le(content, tail.generation.value());
  append_le(content, tail.end.segment);
  append_le(content, tail.end.byte);
  append_le(content, tail.watermark);
  append_le(content, tail.bytes);
  content += tail.journal;
  write_checked(file, content);
}

std::optional<Tail> read_tail(const Layout& layout) {
  const std::optional<std::string> content = read_checked(layout.tail());
  if (!content) return std::nullopt;
  ByteReader from(*content);
  Tail tail;
  tail.generation = Generation(from.le<std::uint64_t>());
  tail.end.segment = from.le<std::uint64_t>();
  tail.end.byte = from.le<std::uint64_t>();
  tail.watermark = from.le<std::uint64_t>();
  tail.bytes = from.le<std::uint64_t>();
  tail.journal = from.bytes(from.left());
  return tail;
}

}  // namespace freshet::journal
