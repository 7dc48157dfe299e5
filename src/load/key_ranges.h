// KeyRanges: a mirror in portions by the first column of its key, for statements that walk all of it: each
// ends well within the deadline of a statement, however large the mirror. Load's thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "load/mirror.h"
#include "load/session.h"

namespace freshet::load {

// Conditions on the first column of the key. For every row one of them holds, also for one that comes later;
// a portion has about `rows` rows of <database>.<mirror> as it is now, more where one value has more. From
// the sparse index: no row is read.
std::vector<std::string> key_ranges(Session& session, const Mirror& mirror, const std::string& database,
                                    std::uint64_t rows);

}  // namespace freshet::load
