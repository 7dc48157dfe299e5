#include "adapter/files/directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

namespace freshet::files {
namespace {

constexpr mode_t kFolderMode = 0700;

Path parent_of(const Path& path) {
  const Path parent = path.parent_path();
  return parent.empty() ? Path(".") : parent;
}

struct flock whole_file() {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

}  // namespace

void make_directory(const Path& path) {
  if (path.empty() || std::filesystem::is_directory(path)) return;
  make_directory(path.parent_path());
  if (::mkdir(path.c_str(), kFolderMode) != 0 && errno != EEXIST)
    throw system_error(errno, "can't make the folder", path);
  sync_directory(parent_of(path));
}

void sync_directory(const Path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) throw system_error(errno, "can't open the folder", path);
  const int failed = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  if (failed) throw system_error(failed, "can't make durable", path);
}

std::vector<std::string> list(const Path& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), ::closedir);
  if (!folder) {
    if (errno == ENOENT) return {};
    throw system_error(errno, "can't list", path);
  }
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool remove(const Path& path) {
  if (::unlink(path.c_str()) == 0) return true;
  if (errno == ENOENT) return false;
  throw system_error(errno, "can't remove", path);
}

void rename(const Path& from, const Path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) throw system_error(errno, "can't rename", from);
}

WallTime modified(const Path& path) {
  struct stat status;
  if (::stat(path.c_str(), &status) != 0) throw system_error(errno, "can't stat", path);
  const auto since =
      std::chrono::seconds(status.st_mtim.tv_sec) + std::chrono::nanoseconds(status.st_mtim.tv_nsec);
  return WallTime(std::chrono::duration_cast<std::chrono::microseconds>(since));
}

std::optional<std::string> read_whole(const Path& path) {
  const std::optional<File> file = File::open_if_there(path);
  if (!file) return std::nullopt;
  std::string content(file->size(), '\0');
  content.resize(file->read_at(0, content.data(), content.size()));
  return content;
}

void replace(const Path& path, std::string_view content) {
  Path temporary = path;
  temporary += ".new";
  {
    File file = File::create(temporary);
    file.write_at(0, content);
    file.sync_data();
  }
  files::rename(temporary, path);
  sync_directory(parent_of(path));
}

DirectoryLock::DirectoryLock(const Path& lock_file, std::string_view what)
    : file_(File::open_to_write(lock_file)) {
  struct flock lock = whole_file();
  if (::fcntl(file_.descriptor(), F_OFD_SETLK, &lock) != 0) {
    if (errno != EAGAIN && errno != EACCES) throw system_error(errno, "can't lock", lock_file);
    std::string holder(32, '\0');
    holder.resize(file_.read_at(0, holder.data(), holder.size()));
    throw Error(
        ErrorKind::config,
        std::string(what) + " is in use by process " + holder + ": " + lock_file.string() + " is locked",
        "stop that process first; the lock goes with it");
  }
  file_.truncate(0);
  file_.write_at(0, std::to_string(::getpid()));
}

bool DirectoryLock::is_held(const Path& lock_file) {
  const std::optional<File> file = File::open_if_there(lock_file);
  if (!file) return false;
  struct flock lock = whole_file();
  if (::fcntl(file->descriptor(), F_OFD_GETLK, &lock) != 0)
    throw system_error(errno, "can't look at", lock_file);
  return lock.l_type != F_UNLCK;
}

}  // namespace freshet::files
