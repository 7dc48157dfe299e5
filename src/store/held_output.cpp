#include "store/held_output.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "store/clickhouse_error.h"

namespace freshet::store {
namespace {

[[noreturn]] void throw_io_error() {
  throw Error(ErrorKind::capacity,
              std::string("can't keep a result in a temporary file: ") + std::strerror(errno));
}

// In the working directory, which is the store's own; gone with the process whatever happens.
std::FILE* open_unnamed() {
  const int fd = ::open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  std::FILE* file = fd < 0 ? nullptr : ::fdopen(fd, "w+");
  if (file == nullptr) throw_io_error();
  return file;
}

}  // namespace

HeldOutput::Disk& HeldOutput::disk_of_all() {
  static Disk disk{.limit = 4ull << 30};
  return disk;
}

void HeldOutput::write_to_file(std::string_view bytes) {
  on_disk_ += bytes.size();
  if (disk_.used += bytes.size(); disk_.used > disk_.limit) {
    throw ClickHouseError(code::kTooManyRowsOrBytes, "TOO_MANY_ROWS_OR_BYTES",
                          fmt::format("The results that wait for the end of their queries take more than {} "
                                      "bytes; ask without wait_end_of_query",
                                      disk_.limit));
  }
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) throw_io_error();
}

void HeldOutput::append(std::string_view bytes) {
  if (in_memory() && memory_.size() + bytes.size() <= kMemoryBytes) {
    memory_ += bytes;
    return;
  }
  if (in_memory()) {
    file_.reset(open_unnamed());
    write_to_file(memory_);
    memory_.clear();
  }
  write_to_file(bytes);
}

void HeldOutput::replay(const std::function<void(std::string_view)>& take) {
  if (in_memory()) return take(memory_);
  if (std::fseek(file_.get(), 0, SEEK_SET) != 0) throw_io_error();
  std::array<char, 65536> part;
  while (const std::size_t got = std::fread(part.data(), 1, part.size(), file_.get()))
    take({part.data(), got});
  if (std::ferror(file_.get()) != 0) throw_io_error();
}

}  // namespace freshet::store
