#include "capture/nameless_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "adapter/files/file.h"
#include "base/error.h"

namespace freshet::capture {
namespace {

[[noreturn]] void fail(const char* doing, const std::string& directory) {
  throw files::system_error(errno, std::string("can't ") + doing + " a spool file in", directory);
}

int open_nameless(const std::string& directory) {
  const int file = open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file >= 0 || (errno != EOPNOTSUPP && errno != EISDIR)) return file;
  // A file system without O_TMPFILE.
  std::string pattern = directory + "/spool-XXXXXX";
  const int named = mkostemp(pattern.data(), O_CLOEXEC);
  if (named >= 0) unlink(pattern.c_str());
  return named;
}

}  // namespace

NamelessFile::NamelessFile(const std::string& directory)
    : directory_(directory), file_(open_nameless(directory)) {
  if (file_ < 0) fail("make", directory_);
}

NamelessFile::NamelessFile(NamelessFile&& other) noexcept
    : directory_(std::move(other.directory_)), file_(std::exchange(other.file_, -1)), size_(other.size_) {}

NamelessFile::~NamelessFile() {
  if (file_ >= 0) close(file_);
}

void NamelessFile::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = pwrite(file_, bytes.data(), bytes.size(), static_cast<off_t>(size_));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("write", directory_);
    bytes.remove_prefix(static_cast<std::size_t>(written));
    size_ += static_cast<std::uint64_t>(written);
  }
}

void NamelessFile::read(std::uint64_t offset, std::string& to) const {
  for (std::size_t done = 0; done < to.size();) {
    const ssize_t got = pread(file_, to.data() + done, to.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("read", directory_);
    if (got == 0) throw Error(ErrorKind::data, "a spool file in " + directory_ + " ends too early");
    done += static_cast<std::size_t>(got);
  }
}

}  // namespace freshet::capture
