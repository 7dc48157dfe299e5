// Released: what load needs no more, put down by the reader for the writer's retention. Written in place, not
// synced: torn or stale, it only keeps more.
#pragma once

#include <optional>
#include <set>

#include "journal/embedded/layout.h"
#include "journal/position.h"

namespace freshet::journal {

struct Released {
  std::string journal;  // the identity of the one that the ends belong to
  Ends ends;
  std::set<std::string> held;
};

void write_released(const Layout& layout, const Released& released);
std::optional<Released> read_released(const Layout& layout);

}  // namespace freshet::journal
