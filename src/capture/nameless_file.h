// A file without a name: it vanishes with the object, and with the process however that ends. One thread at a
// time holds it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace freshet::capture {

class NamelessFile {
 public:
  // On the file system of `directory`, which must exist. Throws Error{capacity|config}.
  explicit NamelessFile(const std::string& directory);
  NamelessFile(NamelessFile&& other) noexcept;
  NamelessFile& operator=(NamelessFile&&) = delete;
  ~NamelessFile();

  std::uint64_t size() const { return size_; }
  // Throws Error{capacity} when the disk is full.
  void append(std::string_view bytes);
  // Exactly the bytes of [offset, offset + to.size()).
  void read(std::uint64_t offset, std::string& to) const;

 private:
  std::string directory_;
  int file_;
  std::uint64_t size_ = 0;
};

}  // namespace freshet::capture
