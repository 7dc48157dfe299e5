// From parity's repair of keys to the running process: the keys to capture, the record to load. Requests are
// JSON text on the control socket (control.h).
#pragma once

#include <filesystem>
#include <string>

#include "load/repair_note.h"
#include "parity/repair.h"

namespace freshet::app {

// What a repair of the line on that DATA folder uses, from any thread. Its limits stay as they are.
parity::Repair repair_through(const std::filesystem::path& data);

std::string to_json(const parity::RepairNote& note);
// Throws Error{data} for what to_json() didn't write.
load::RepairNote repair_note(const std::string& json);

}  // namespace freshet::app
