#include "app/data_dir.h"

#include <fmt/format.h>

namespace freshet::app {
namespace {

namespace fs = std::filesystem;

fs::path made(const fs::path& folder) {
  files::make_directory(folder);
  return folder;
}

}  // namespace

std::string_view to_string(Role role) {
  switch (role) {
    case Role::capture: return "capture";
    case Role::load: return "load";
  }
  return "load";
}

DataDir::DataDir(const fs::path& path) : path_(fs::absolute(path).lexically_normal()) {
  made(path_ / "run");
}

DataDir DataDir::seen(const fs::path& path) {
  DataDir data;
  data.path_ = fs::absolute(path).lexically_normal();
  return data;
}

fs::path DataDir::journal(const fs::path& configured) const {
  return made(path_ / configured);  // an absolute one stays what it is
}
fs::path DataDir::spool() const {
  return made(path_ / "spool");
}
fs::path DataDir::store() const {
  return made(path_ / "store");
}
fs::path DataDir::log() const {
  return made(path_ / "log");
}
fs::path DataDir::socket(Role role) const {
  return path_ / "run" / fmt::format("{}.sock", to_string(role));
}
fs::path DataDir::project_note(Role role) const {
  return path_ / "run" / fmt::format("{}.project", to_string(role));
}
fs::path DataDir::lock(Role role) const {
  return path_ / "run" / fmt::format("{}.lock", to_string(role));
}

files::DirectoryLock take(const DataDir& data, Role role) {
  return files::DirectoryLock(data.lock(role),
                              fmt::format("{} of {}", to_string(role), data.path().string()));
}

bool is_taken(const DataDir& data, Role role) {
  return files::DirectoryLock::is_held(data.lock(role));
}

std::uint64_t bytes_below(const fs::path& folder) {
  std::uint64_t bytes = 0;
  std::error_code gone;  // retention removes files meanwhile
  for (fs::recursive_directory_iterator it(folder, gone), end; it != end; it.increment(gone)) {
    const auto size = it->is_regular_file(gone) ? it->file_size(gone) : 0;
    if (!gone) bytes += size;
  }
  return bytes;
}

}  // namespace freshet::app
