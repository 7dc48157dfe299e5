// The kernel's fence around the engine: libchdb can read and write any file of its user, run programs and
// open connections. Landlock takes that from the whole process, so that a statement which slips past the
// checks still finds nothing.
#pragma once

#include <string>

namespace freshet::store {

enum class Confinement { none, files, files_and_network };

// From here on the calling thread, and every thread it makes, can reach only `folder` and what the C library
// needs, runs no program and opens no TCP connection. What the kernel doesn't offer is left out; the result
// says how far it went.
Confinement confine_to(const std::string& folder);

}  // namespace freshet::store
