// Gaps: streams that lost records nobody had read, and up to which offset. Written by the writer before the
// records go; mended when load has passed that offset, which it does only with a snapshot.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "journal/embedded/layout.h"
#include "journal/embedded/released.h"

namespace freshet::journal {

using Gaps = std::map<std::string, std::uint64_t>;

// Durable when it returns.
void write_gaps(const Layout& layout, const Gaps& gaps);
Gaps read_gaps(const Layout& layout);

// Those that aren't mended.
Gaps open_gaps(Gaps gaps, const Released& released);

}  // namespace freshet::journal
