#include "journal/embedded/prelude.h"

#include "journal/embedded/block_reader.h"
#include "journal/embedded/log_state.h"
#include "journal/embedded/watermark.h"

namespace freshet::journal {

std::optional<Prelude> read_prelude(const Layout& layout, std::uint64_t segment, Catalog& catalog) {
  std::optional<files::File> file = files::File::open_if_there(layout.segment(segment));
  if (!file) return std::nullopt;
  const std::uint64_t size = file->size();
  BlockReader blocks(std::move(*file), 0, size, BlockReader::Window::bodies);
  Prelude prelude;
  while (const auto header = blocks.next()) {
    const std::string_view raw = blocks.body();
    catalog.learn(*header, raw);
    if (header->kind == BlockKind::segment) prelude.journal = read_segment_body(raw);
    if (header->kind == BlockKind::stream) prelude.starts.push_back(header->first);
    if (header->kind != BlockKind::resume) continue;
    prelude.last = read_seal(raw, catalog, prelude.journal).watermark;
    prelude.end = blocks.after();
    return prelude;
  }
  throw Error(ErrorKind::data,
              "journal file " + layout.segment(segment).string() + " ends within its prelude");
}

}  // namespace freshet::journal
