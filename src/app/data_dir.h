// DATA: the one folder that holds everything Freshet keeps (ARCHITECTURE.md, "What is on disk"), and the
// locks that admit one process per role. Used by the main thread at start and end.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "adapter/files/directory.h"

namespace freshet::app {

// What a process may be the only one to do on a DATA folder. `up` does all of it.
enum class Role { capture, load };
inline constexpr Role kRoles[] = {Role::capture, Role::load};
std::string_view to_string(Role role);

class DataDir {
 public:
  // Makes the folder where there is none. Throws Error{permission|capacity}.
  explicit DataDir(const std::filesystem::path& path);

  // Makes nothing: for whoever only looks, at socket(), lock() and the like.
  static DataDir seen(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }

  // Folders, made on the way.
  std::filesystem::path journal(const std::filesystem::path& configured) const;
  std::filesystem::path spool() const;
  std::filesystem::path store() const;
  std::filesystem::path log() const;

  std::filesystem::path endpoints() const { return path_ / "endpoints.json"; }
  std::filesystem::path socket(Role role) const;
  // Names the project that runs here in this role, or did last.
  std::filesystem::path project_note(Role role) const;
  std::filesystem::path store_port() const { return path_ / "run" / "store.port"; }
  std::filesystem::path lock(Role role) const;

 private:
  DataDir() = default;

  std::filesystem::path path_;
};

// Throws Error{config} naming the process that has the role.
files::DirectoryLock take(const DataDir& data, Role role);
bool is_taken(const DataDir& data, Role role);

// Of all files below the folder, as far as they are there.
std::uint64_t bytes_below(const std::filesystem::path& folder);

}  // namespace freshet::app
