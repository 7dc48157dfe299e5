// What tests read from disk, and the programs of this build that they start.
#pragma once

#include <string>

namespace freshet::test {

// Empty where the file isn't there, or goes while it is read.
std::string contents(const std::string& path);

// The path of a program in the top of the build folder: $FRESHET_BUILD_DIR, or the one above this test's own
// program.
std::string built(const std::string& program);

}  // namespace freshet::test
