// Where a journal's files are in its folder, and the small files that writer and reader talk through.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "adapter/files/file.h"

namespace freshet::journal {

class Layout {
 public:
  explicit Layout(std::filesystem::path directory) : directory_(std::move(directory)) {}

  const std::filesystem::path& directory() const { return directory_; }
  std::filesystem::path lock() const { return directory_ / "lock"; }
  std::filesystem::path tail() const { return directory_ / "tail"; }
  std::filesystem::path released() const { return directory_ / "released"; }
  std::filesystem::path gaps() const { return directory_ / "gaps"; }
  std::filesystem::path segments() const { return directory_ / "segments"; }
  std::filesystem::path held() const { return directory_ / "held"; }
  std::filesystem::path segment(std::uint64_t number) const;

  // The numbers of the segments that are there, rising.
  std::vector<std::uint64_t> list_segments() const;

 private:
  std::filesystem::path directory_;
};

// A number in a file name, wide enough to sort as text.
std::string file_number(std::uint64_t number);

// A small text written in place with a checksum: a reader that comes in between, or after a power failure,
// finds it torn and gets nothing. In place, because that works on a full disk, too.
std::string with_checksum(std::string_view content);
void write_checked(files::File& file, std::string_view content);
std::optional<std::string> read_checked(const std::filesystem::path& path);

}  // namespace freshet::journal
