// What the process that runs on DATA knows, for commands of other terminals: which project it is, the
// variables it was started with, and how it stands. Main thread.
#pragma once

#include <filesystem>
#include <optional>

#include "app/data_dir.h"
#include "app/line_status.h"
#include "contract/reference.h"

namespace freshet::app {

// `named`, or the one that runs, or ran last, on `data`. Throws Error{config} where nothing has run there.
std::filesystem::path project_of(const std::filesystem::path& named, const DataDir& data);

// Of the process that runs, as far as it answers, before our own: what it uses is what is looked at.
contract::Environment environment_for(const DataDir& data);

// Of `up`, which answers where load does; where the roles run apart, of both. Nothing: no process answers.
std::optional<LineStatus> ask_the_line(const DataDir& data);

}  // namespace freshet::app
