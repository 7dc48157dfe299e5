// Where capture and load run apart, each process knows its part of the line: together they tell what `up`
// tells.
#pragma once

#include "app/line_status.h"

namespace freshet::app {

// What load's process says, with what only capture's knows: its stage, the source, snapshots, bytes.
LineStatus joined(LineStatus load, const LineStatus& capture);

}  // namespace freshet::app
