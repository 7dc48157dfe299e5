// Folders: what is in them, making their entries durable, replacing a file as a whole, and the lock that
// keeps a second process out.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/files/file.h"
#include "base/clock.h"

namespace freshet::files {

// Made with its parents when it isn't there; the new entries are durable.
void make_directory(const Path& path);
// Names created, renamed or removed in it so far survive a power failure.
void sync_directory(const Path& path);
// The names in it, sorted; none when it isn't there.
std::vector<std::string> list(const Path& path);
// True when it was there.
bool remove(const Path& path);

// Replaces what is there; both in one file system.
void rename(const Path& from, const Path& to);
// When it was last written.
WallTime modified(const Path& path);

std::optional<std::string> read_whole(const Path& path);
// The file has the old content or this one, whatever happens; durable when it returns.
void replace(const Path& path, std::string_view content);

// Held as long as it lives, or as its process. An open file description's lock on a file of its own, which
// also names the holder's process: unlike flock's it can be asked for without taking it from whoever wants it
// at that moment.
class DirectoryLock {
 public:
  // Throws Error{config} naming the holder when somebody has it. `what` is for that message: "the journal".
  DirectoryLock(const Path& lock_file, std::string_view what);

  static bool is_held(const Path& lock_file);

 private:
  File file_;
};

}  // namespace freshet::files
