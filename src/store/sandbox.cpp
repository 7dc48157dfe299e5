#include "store/sandbox.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdint>

namespace freshet::store {
namespace {

// Debian 12's headers end before these; the kernel says whether it knows them.
constexpr std::uint64_t kRefer = 1u << 13;      // version 2: rename and link between folders
constexpr std::uint64_t kTruncate = 1u << 14;   // version 3
constexpr std::uint64_t kConnectTcp = 1u << 1;  // version 4
constexpr std::uint64_t kAllOfVersion1 = (1u << 13) - 1;
constexpr std::uint64_t kRead = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;

struct Ruleset {
  std::uint64_t files;
  std::uint64_t network;
};

int make_ruleset(const Ruleset* rules, std::size_t size, std::uint32_t flags) {
  return static_cast<int>(::syscall(SYS_landlock_create_ruleset, rules, size, flags));
}

Ruleset rules_of_version(int version) {
  std::uint64_t files = kAllOfVersion1;
  if (version >= 2) files |= kRefer;
  if (version >= 3) files |= kTruncate;
  return {files, version >= 4 ? kConnectTcp : 0};
}

bool allow(int ruleset, const char* path, std::uint64_t access) {
  const int folder = ::open(path, O_PATH | O_CLOEXEC);
  if (folder < 0) return false;
  const landlock_path_beneath_attr rule{access, folder};
  const long failed = ::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
  ::close(folder);
  return failed == 0;
}

// A file of /proc gets another inode when nobody holds it, and with it loses its rule: the descriptor stays
// open for as long as the process lives.
void allow_in_proc(int ruleset, const char* path) {
  const int held = ::open(path, O_PATH | O_CLOEXEC);
  if (held < 0) return;
  const landlock_path_beneath_attr rule{LANDLOCK_ACCESS_FS_READ_FILE, held};
  ::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

// What the engine and the C library read besides the data. Of /proc only what tells about the machine: the
// environments, command lines and open files of processes are there, too. A pipe is reached by /dev/fd
// without any rule, since it is in no folder.
void allow_system(int ruleset) {
  for (const char* path : {"/sys", "/usr/share/zoneinfo", "/lib", "/usr/lib"}) allow(ruleset, path, kRead);
  for (const char* path : {"/dev/urandom", "/etc/localtime", "/etc/nsswitch.conf", "/etc/ld.so.cache"}) {
    allow(ruleset, path, LANDLOCK_ACCESS_FS_READ_FILE);
  }
  // The memory map is what the C library finds the stack of the main thread by.
  for (const char* path : {"/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/sys/vm/overcommit_memory",
                           "/proc/self/maps"}) {
    allow_in_proc(ruleset, path);
  }
  allow(ruleset, "/dev/null", LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE);
}

}  // namespace

Confinement confine_to(const std::string& folder) {
  const int version = make_ruleset(nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 1) return Confinement::none;
  const Ruleset rules = rules_of_version(version);
  const int ruleset = make_ruleset(&rules, version >= 4 ? sizeof rules : sizeof rules.files, 0);
  if (ruleset < 0) return Confinement::none;
  allow_system(ruleset);
  const bool confined = allow(ruleset, folder.c_str(), rules.files & ~LANDLOCK_ACCESS_FS_EXECUTE) &&
                        ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
                        ::syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
  ::close(ruleset);
  if (!confined) return Confinement::none;
  return version >= 4 ? Confinement::files_and_network : Confinement::files;
}

}  // namespace freshet::store
