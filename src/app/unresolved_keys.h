// From what load can't fill (changes that wait for a row of a snapshot) to what capture shall read: the keys
// as text. Pure; called by load's thread and that of the control socket.
#pragma once

#include <string>
#include <vector>

#include "capture/snapshot.h"
#include "load/table_load.h"

namespace freshet::app {

// As many requests as capture's limit of keys makes necessary. Throws Error{data} for a key that can't be
// read.
std::vector<capture::KeyRequest> key_requests(const load::UnresolvedKeys& unresolved);

// For the way to a capture in another process.
std::string to_json(const capture::KeyRequest& request);
// Throws Error{data} for what to_json() didn't write.
capture::KeyRequest key_request(const std::string& json);

}  // namespace freshet::app
