// The tables that a command names, as the project's streams. Pure.
#pragma once

#include <string>
#include <vector>

#include "contract/contract.h"

namespace freshet::app {

// `names`: each "schema.table", or "table" where only one schema of the project has it. Throws Error{config}
// for one that isn't of the project.
std::vector<std::string> resolve_streams(const std::vector<contract::StreamContract>& contracts,
                                         const std::vector<std::string>& names);

// On their way through the control socket. Throws Error{data}.
std::string to_json(const std::vector<std::string>& names);
std::vector<std::string> names_from_json(const std::string& json);

}  // namespace freshet::app
