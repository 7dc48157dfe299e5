#include "app/log_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/log.h"

namespace freshet::app {
namespace {

namespace fs = std::filesystem;

fs::path numbered(const fs::path& path, int number) {
  return path.string() + "." + std::to_string(number);
}

}  // namespace

LogFile::LogFile(fs::path path, std::uint64_t bytes_max)
    : path_(std::move(path)), bytes_max_(bytes_max), descriptor_(open_file()) {
  log::configure(log::Level::info, descriptor_);
}

LogFile::~LogFile() {
  log::configure(log::Level::info, STDERR_FILENO);
  close(descriptor_);
}

int LogFile::open_file() const {
  const int file = open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0)
    throw Error(ErrorKind::permission, "can't write the log " + path_.string() + ": " + std::strerror(errno));
  return file;
}

void LogFile::rotate_if_long() {
  struct stat now{};
  if (fstat(descriptor_, &now) != 0 || static_cast<std::uint64_t>(now.st_size) < bytes_max_) return;
  std::error_code ignored;  // a log that can't be rotated must not stop the line
  for (int number = kOldFilesMax - 1; number >= 1; --number)
    fs::rename(numbered(path_, number), numbered(path_, number + 1), ignored);
  fs::rename(path_, numbered(path_, 1), ignored);
  const int fresh = open_file();
  dup3(fresh, descriptor_, O_CLOEXEC);
  close(fresh);
}

void bound_output(const fs::path& folder, std::uint64_t bytes_max) {
  std::error_code ignored;  // as above; on a full disk the old file stays short
  for (fs::directory_iterator file(folder, ignored), end; file != end; file.increment(ignored)) {
    const fs::path path = file->path();
    if (path.extension() != ".log" || fs::file_size(path, ignored) < bytes_max || ignored) continue;
    fs::copy_file(path, numbered(path, 1), fs::copy_options::overwrite_existing, ignored);
    fs::resize_file(path, 0, ignored);
  }
}

}  // namespace freshet::app
