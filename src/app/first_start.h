// Before the first start of a line: is the source as it has to be? Asked before anything is written, there or
// here, so that a wrong set-up is told at once and leaves nothing behind that a later start would meet.
// Main thread.
#pragma once

#include "app/line.h"

namespace freshet::app {

// Does nothing where the line has run before, or the source or Kafka isn't within reach: then its stages say
// what is wrong, and go on once it is mended. Throws the first Error, and says how many more there are.
void require_sound_source(const LineOptions& options, const DataDir& data);

// Where capture has written before. Only looks; throws Error where a cluster can't be asked.
bool has_journal(const LineOptions& options, const DataDir& data);

}  // namespace freshet::app
