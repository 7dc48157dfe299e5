// The source's address as libpq gets it: what pipeline.yaml refers to, with its password. Main thread, at
// start.
#pragma once

#include <string>

#include "contract/project.h"

namespace freshet::app {

// Throws Error{config} naming the variable or file that is absent.
std::string source_address(const contract::SourceSettings& source, const contract::Environment& environment);

}  // namespace freshet::app
