// The commands, one file each: command_<name>.cpp. Called by main with what the user asked for; the exit
// status. They throw Error, which main prints with its hint.
#pragma once

#include "app/command_line.h"

namespace freshet::app {

int run(const RunCommand& command);
int run(const InitCommand& command);
int run(const StatusCommand& command);
int run(const ParityCommand& command);
int run(const SnapshotCommand& command);
int run(const QuarantineCommand& command);
int run(const SweepCommand& command);
int run(const StreamCommand& command);
int edit(const StreamCommand& command);  // its add and remove
int run(const DoctorCommand& command);
int run(const ContractCheckCommand& command);
int run(const ContractDiffCommand& command);
int run(const VersionCommand& command);

}  // namespace freshet::app
