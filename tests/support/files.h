// What tests read from disk, and edit there, and the programs of this build that they start.
#pragma once

#include <string>

namespace freshet::test {

// Empty where the file isn't there, or goes while it is read.
std::string contents(const std::string& path);

// Replaces the first `from` in a file; throws where it isn't there.
void edit_file(const std::string& path, const std::string& from, const std::string& to);

// The text of "name": "…" in a small JSON file of ours, such as endpoints.json; empty where it isn't there.
std::string text_in(const std::string& json, const std::string& name);

// The path of a program in the top of the build folder: $FRESHET_BUILD_DIR, or the one above this test's own
// program.
std::string built(const std::string& program);

}  // namespace freshet::test
