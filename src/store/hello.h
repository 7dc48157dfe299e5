// The first question of clickhouse-go (Grafana's plug-in): it asks for a Native block of its own protocol
// revision.
#pragma once

#include <string>
#include <string_view>

#include "store/engine.h"

namespace freshet::store {

bool is_hello(std::string_view sql);

// The answer as that revision has it, naming 0 as the server's revision: from then on the client reads plain
// Native, which is all the embedded engine writes.
std::string hello_block(const Engine& engine);

}  // namespace freshet::store
