// Asks the running process of a DATA folder that has a role, for commands that only it can carry out.
#pragma once

#include <filesystem>
#include <string>

namespace freshet::app {

// The answer of the process that runs capture: `up`, or `capture` where the roles run apart. `argument` and
// the answer are JSON text. Throws the process's Error, and Error{config} where none runs.
std::string ask_capture(const std::filesystem::path& data, const std::string& command,
                        const std::string& argument);

// Of the process that runs load. Likewise.
std::string ask_load(const std::filesystem::path& data, const std::string& command,
                     const std::string& argument);

}  // namespace freshet::app
