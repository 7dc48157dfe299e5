// The bodies of the log's own control blocks. A watermark holds its ends by stream number; names are put in
// with the catalog, only for the few watermarks that somebody asks for.
#pragma once

#include <optional>

#include "journal/embedded/catalog.h"

namespace freshet::journal {

// The body of a watermark block, and of the resume block that ends a prelude.
struct Seal {
  // How many bytes of its file were durable before this seal began: damage below can't be a torn tail.
  std::uint64_t synced = 0;
  std::optional<Watermark> watermark;  // always there in a watermark block
};

std::string seal_body(const Seal& seal, const Catalog& catalog);
Seal read_seal(std::string_view raw, const Catalog& catalog, const std::string& journal);
// Without the catalog.
std::uint64_t read_synced(std::string_view raw);

// The body of a segment block: format version and the journal's identity.
std::string segment_body(const std::string& journal);
// The identity. Throws Error{unsupported} for another format version.
std::string read_segment_body(std::string_view raw);

}  // namespace freshet::journal
