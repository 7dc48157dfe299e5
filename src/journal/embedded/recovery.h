// Recovery: what the writer does with the files it finds. The log is cut back to its last seal (a watermark
// or an opening): what lies beyond was never confirmed to anybody nor shown to a reader. Only such a tail may
// be torn; damage below what was once durable is an Error.
#pragma once

#include <optional>

#include "journal/embedded/log_state.h"
#include "journal/embedded/tail.h"

namespace freshet::journal {

struct Recovered {
  LogState state;
  Place end;  // the log goes on here
};

// Nothing when nothing was ever sealed here: the folder has no segments afterwards. Throws Error{data}.
std::optional<Recovered> recover(const Layout& layout);

// What a segment says up to that byte: all that is known there, since it opens with what came before it.
LogState replay(const files::Path& path, std::uint64_t end);

}  // namespace freshet::journal
