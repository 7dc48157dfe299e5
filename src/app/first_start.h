// Before the first start of a line: is the source as it has to be? Asked before anything is written, there or
// here, so that a wrong set-up is told at once and leaves nothing behind that a later start would meet.
// Main thread.
#pragma once

#include <filesystem>

#include "app/line.h"

namespace freshet::app {

// Does nothing where the line has run on DATA before, or the source isn't within reach: then its stages say
// what is wrong, and go on once it is mended. Throws the first Error, and says how many more there are.
void require_sound_source(const LineOptions& options, const std::filesystem::path& data);

// Where capture has written before. Only looks.
bool has_journal(const contract::Project& project, const std::filesystem::path& data);

}  // namespace freshet::app
