#include "journal/embedded/gaps.h"

#include "adapter/files/directory.h"
#include "base/bytes.h"

namespace freshet::journal {

void write_gaps(const Layout& layout, const Gaps& gaps) {
  std::string content;
  append_varint(content, gaps.size());
  for (const auto& [stream, end] : gaps) {
    append_varint(content, stream.size());
    content += stream;
    append_varint(content, end);
  }
  files::replace(layout.gaps(), with_checksum(content));
}

Gaps read_gaps(const Layout& layout) {
  Gaps gaps;
  const std::optional<std::string> content = read_checked(layout.gaps());
  if (!content) return gaps;
  ByteReader from(*content);
  for (std::uint64_t left = from.varint(); left > 0; --left) {
    std::string stream(from.bytes(from.varint()));
    gaps[std::move(stream)] = from.varint();
  }
  return gaps;
}

Gaps open_gaps(Gaps gaps, const Released& released) {
  std::erase_if(gaps, [&](const auto& gap) {
    const auto end = released.ends.find({gap.first, 0});
    return end != released.ends.end() && end->second.value() >= gap.second;
  });
  return gaps;
}

}  // namespace freshet::journal
