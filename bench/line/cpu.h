// Where a line's CPU time goes: by step of a row's way, as the line itself counts it, and by program, as the
// kernel does.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "line/line.h"

namespace freshet::bench {

// Seconds by step: kSteps in the order a row travels, then kRest of freshet, and the other programs.
using Cpu = std::map<std::string, double>;

extern const std::vector<std::string> kSteps;

// So far, of the line and of its connections in PostgreSQL.
Cpu cpu_so_far(const test::Line& line, test::TestDatabase& database);

Cpu operator-(Cpu after, const Cpu& before);
Cpu& operator+=(Cpu& sum, const Cpu& more);

}  // namespace freshet::bench
