// Which key a change in quarantine concerns, for people.
#pragma once

#include <vector>

#include "load/mirror.h"
#include "load/quarantined.h"

namespace freshet::load {

// Fills in `key`: each column's value as PostgreSQL prints it. Reads no row, only the keys that are kept
// beside them. `mirror` is the one whose quarantine they are in.
void tell_keys(clickhouse::Client& client, const Mirror& mirror, std::vector<QuarantinedChange>& changes);

}  // namespace freshet::load
