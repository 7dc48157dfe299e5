// The contract of capture's own stream freshet.canary, which no project writes down: its row travels the line
// like any other (capture/signals.h), and watch looks for it in the mirror. A constant.
#pragma once

#include <string>
#include <vector>

#include "contract/contract.h"

namespace freshet::app {

contract::StreamContract canary_contract();

// These and the canary's. Throws Error{config} with file and line where one has a name of its.
std::vector<contract::StreamContract> with_canary(std::vector<contract::StreamContract> contracts);

// Where watch finds the rows, as SQL names it.
std::string canary_mirror();

}  // namespace freshet::app
