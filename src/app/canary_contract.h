// The contract of capture's own stream freshet.canary, which no project writes down: its row travels the line
// like any other (capture/signals.h), and watch looks for it in the mirror. A constant.
#pragma once

#include <string>

#include "contract/contract.h"

namespace freshet::app {

contract::StreamContract canary_contract();

// Where watch finds the rows, as SQL names it.
std::string canary_mirror();

}  // namespace freshet::app
