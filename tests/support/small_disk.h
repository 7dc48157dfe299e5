// A small file system of its own for a folder of a process under test: a tmpfs in a mount namespace that the
// process and its children live in, made without any right of root's (user_namespaces(7)). The test reaches
// it through the process. Where a sandbox permits no namespace, the size of the files of that one process,
// not of its children, is limited instead: its writes end as on a full disk, only by another name.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace freshet::test {

struct SmallDisk {
  std::string folder;  // is there
  std::uint64_t bytes = 0;
};
// In place of a size: none of its own. The size of files is limited there, too.
inline constexpr std::uint64_t kDiskOfAll = 0;

// In the child, before it becomes the program.
void have_disks(const std::vector<SmallDisk>& disks);

// Not a byte fits any more, until free_disk(). The process `pid` has the disk.
void fill_disk(pid_t pid, const std::string& folder);
void free_disk(pid_t pid, const std::string& folder);

}  // namespace freshet::test
