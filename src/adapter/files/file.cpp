#include "adapter/files/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace freshet::files {
namespace {

// New files belong to us alone: the journal holds rows.
constexpr mode_t kMode = 0600;

int open_retrying(const Path& path, int flags) {
  int descriptor;
  do {
    descriptor = ::open(path.c_str(), flags | O_CLOEXEC, kMode);
  } while (descriptor < 0 && errno == EINTR);
  return descriptor;
}

int open_or_throw(const Path& path, int flags) {
  const int descriptor = open_retrying(path, flags);
  if (descriptor < 0) throw system_error(errno, "can't open", path);
  return descriptor;
}

ErrorKind kind_of(int code) {
  switch (code) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMFILE:
    case ENFILE: return ErrorKind::capacity;
    case EACCES:
    case EPERM:
    case EROFS: return ErrorKind::permission;
    case ENOENT:
    case ENOTDIR: return ErrorKind::config;
    default: return ErrorKind::transient;
  }
}

// "; 12 KiB free of 1000 KiB": of the file system that holds the path, or would.
std::string free_space(const Path& path) {
  struct statvfs disk;
  if (::statvfs(path.c_str(), &disk) != 0 && ::statvfs(path.parent_path().c_str(), &disk) != 0) return "";
  const auto kib = [&](fsblkcnt_t blocks) { return blocks * disk.f_frsize >> 10; };
  return fmt::format("; {} KiB free of {} KiB", kib(disk.f_bavail), kib(disk.f_blocks));
}

}  // namespace

Error system_error(int code, std::string_view what, const Path& path) {
  const std::string message = fmt::format("{} {}: {}", what, path.string(), std::strerror(code));
  if (code != ENOSPC && code != EDQUOT && code != EFBIG) return Error(kind_of(code), message);
  return Error(
      kind_of(code), message + free_space(path),
      "make room on that file system, or raise its limit; it goes on by itself: docs/runbook/disk-full.md");
}

File File::open(const Path& path) {
  return File(path, open_or_throw(path, O_RDONLY));
}

std::optional<File> File::open_if_there(const Path& path) {
  const int descriptor = open_retrying(path, O_RDONLY);
  if (descriptor >= 0) return File(path, descriptor);
  if (errno == ENOENT) return std::nullopt;
  throw system_error(errno, "can't open", path);
}

File File::open_to_write(const Path& path) {
  return File(path, open_or_throw(path, O_RDWR | O_CREAT));
}

File File::create(const Path& path) {
  return File(path, open_or_throw(path, O_RDWR | O_CREAT | O_TRUNC));
}

File::File(File&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

File& File::operator=(File&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

File::~File() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::uint64_t File::size() const {
  struct stat status;
  if (::fstat(descriptor_, &status) != 0) throw system_error(errno, "can't stat", path_);
  return static_cast<std::uint64_t>(status.st_size);
}

std::size_t File::read_at(std::uint64_t offset, char* to, std::size_t count) const {
  std::size_t done = 0;
  while (done < count) {
    const ssize_t got = ::pread(descriptor_, to + done, count - done, static_cast<off_t>(offset + done));
    if (got == 0) break;
    if (got > 0)
      done += static_cast<std::size_t>(got);
    else if (errno != EINTR)
      throw system_error(errno, "can't read", path_);
  }
  return done;
}

void File::write_at(std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0) {
      if (errno == EINTR) continue;
      throw system_error(errno, "can't write", path_);
    }
    bytes.remove_prefix(static_cast<std::size_t>(put));
    offset += static_cast<std::uint64_t>(put);
  }
}

void File::truncate(std::uint64_t size) {
  if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0)
    throw system_error(errno, "can't truncate", path_);
}

void File::sync_data() {
  if (::fdatasync(descriptor_) != 0) throw system_error(errno, "can't make durable", path_);
}

}  // namespace freshet::files
