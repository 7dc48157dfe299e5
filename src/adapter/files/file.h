// File: an open file as thin RAII. Reads and writes are whole, and every failure names the path and what the
// system said. Used by the thread that owns it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace freshet::files {

using Path = std::filesystem::path;

class File {
 public:
  static File open(const Path& path);  // for reading
  static std::optional<File> open_if_there(const Path& path);
  static File open_to_write(const Path& path);  // and to read; made empty when it isn't there
  static File create(const Path& path);         // to write and read; empties what is there

  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;
  ~File();

  const Path& path() const { return path_; }
  int descriptor() const { return descriptor_; }
  std::uint64_t size() const;

  // Fewer than `count` bytes only at the end of the file.
  std::size_t read_at(std::uint64_t offset, char* to, std::size_t count) const;
  void write_at(std::uint64_t offset, std::string_view bytes);
  void truncate(std::uint64_t size);
  // fdatasync: the bytes written, and the size needed to find them, survive a power failure.
  void sync_data();

 private:
  File(Path path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}

  Path path_;
  int descriptor_;
};

// The Error for errno `code`: capacity when the disk or quota is full, permission when we may not, config
// when a file or folder isn't there, else transient. `what` reads like "can't write".
Error system_error(int code, std::string_view what, const Path& path);

}  // namespace freshet::files
