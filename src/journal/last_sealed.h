// What a journal's writer has made durable last, for whoever only looks.
#pragma once

#include <optional>
#include <string>

#include "journal/position.h"

namespace freshet::journal {

struct LastSealed {
  std::string kept;  // capture's notes
  std::optional<Watermark> watermark;
};

}  // namespace freshet::journal
