// What the process that runs on DATA knows, for commands of other terminals: which project it is, and the
// variables it was started with. Main thread.
#pragma once

#include <filesystem>

#include "app/data_dir.h"
#include "contract/reference.h"

namespace freshet::app {

// `named`, or the one that runs, or ran last, on `data`. Throws Error{config} where nothing has run there.
std::filesystem::path project_of(const std::filesystem::path& named, const DataDir& data);

// Of the process that runs, as far as it answers, before our own: what it uses is what is looked at.
contract::Environment environment_for(const DataDir& data);

}  // namespace freshet::app
