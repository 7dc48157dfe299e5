// What the line would refuse needs no contract: asked by the commands that draft some.
#pragma once

#include <optional>

#include "base/error.h"
#include "contract/contract.h"

namespace freshet::app {

// Why the table of a drafted contract can't be mirrored, and the next step; nothing: it can.
std::optional<Error> refused_by_load(const contract::StreamContract& contract);

}  // namespace freshet::app
