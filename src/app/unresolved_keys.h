// From what load can't fill (changes that wait for a row of a snapshot) to what capture shall read: the keys
// as text. Pure; load's thread calls it.
#pragma once

#include <vector>

#include "capture/snapshot.h"
#include "load/table_load.h"

namespace freshet::app {

// As many requests as capture's limit of keys makes necessary. Throws Error{data} for a key that can't be
// read.
std::vector<capture::KeyRequest> key_requests(const load::UnresolvedKeys& unresolved);

}  // namespace freshet::app
