#include "support/small_disk.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <stdexcept>

namespace freshet::test {
namespace {

// Of what the process may write all the same: its log, and notes of a few bytes.
constexpr rlim_t kFileSizeWhenFull = rlim_t{1} << 20;

bool write_to(const char* path, const std::string& text) {
  const int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool written = write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  close(file);
  return written;
}

// As the same user there as here.
bool enter_namespaces() {
  const std::string user = std::to_string(geteuid());
  const std::string group = std::to_string(getegid());
  return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && write_to("/proc/self/setgroups", "deny") &&
         write_to("/proc/self/uid_map", user + " " + user + " 1") &&
         write_to("/proc/self/gid_map", group + " " + group + " 1");
}

bool has_disks(pid_t pid) {
  const auto mounts = [](const std::string& process) {
    return std::filesystem::read_symlink("/proc/" + process + "/ns/mnt");
  };
  return mounts(std::to_string(pid)) != mounts("self");
}

void limit_files(pid_t pid, rlim_t bytes) {
  const rlimit limit{bytes, RLIM_INFINITY};
  if (prlimit(pid, RLIMIT_FSIZE, &limit, nullptr) != 0)
    throw std::runtime_error("the size of files can't be limited");
}

std::string ballast(pid_t pid, const std::string& folder) {
  return "/proc/" + std::to_string(pid) + "/root" + folder + "/ballast";
}

}  // namespace

void have_disks(const std::vector<SmallDisk>& disks) {
  if (disks.empty()) return;
  const bool of_all =
      std::ranges::any_of(disks, [](const SmallDisk& disk) { return disk.bytes == kDiskOfAll; });
  if (of_all || !enter_namespaces()) {
    signal(SIGXFSZ, SIG_IGN);  // the write fails
    return;
  }
  for (const SmallDisk& disk : disks) {
    const std::string size = "size=" + std::to_string(disk.bytes);
    if (mount("tmpfs", disk.folder.c_str(), "tmpfs", 0, size.c_str()) != 0) _exit(125);
  }
}

void fill_disk(pid_t pid, const std::string& folder) {
  if (!has_disks(pid)) return limit_files(pid, kFileSizeWhenFull);
  const std::string path = ballast(pid, folder);
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) throw std::runtime_error("can't make " + path);
  std::string bytes(std::size_t{1} << 20, 'x');
  while (!bytes.empty())
    if (write(file, bytes.data(), bytes.size()) < 0) bytes.resize(bytes.size() / 2);
  const int error = errno;
  close(file);
  if (error != ENOSPC) throw std::runtime_error("it isn't for want of space that " + path + " ends");
}

void free_disk(pid_t pid, const std::string& folder) {
  if (!has_disks(pid)) return limit_files(pid, RLIM_INFINITY);
  std::filesystem::remove(ballast(pid, folder));
}

}  // namespace freshet::test
