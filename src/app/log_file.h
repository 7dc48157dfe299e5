// The JSON-lines log of a process: DATA/log/<name>.jsonl, and the older ones as .1 … .5. Set up by the main
// thread; rotate_if_long() and bound_output() are called by one thread now and then.
#pragma once

#include <cstdint>
#include <filesystem>

namespace freshet::app {

class LogFile {
 public:
  static constexpr std::uint64_t kBytesMax = 32 << 20;
  static constexpr int kOldFilesMax = 5;

  // Makes the process's log go there. Throws Error{permission}.
  explicit LogFile(std::filesystem::path path, std::uint64_t bytes_max = kBytesMax);
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;
  ~LogFile();

  // Writers go on meanwhile: the descriptor stays, the file behind it changes.
  void rotate_if_long();

  const std::filesystem::path& path() const { return path_; }

 private:
  int open_file() const;

  const std::filesystem::path path_;
  const std::uint64_t bytes_max_;
  int descriptor_;
};

// The same for what others write into the folder's *.log: the engine, and with `make up` PostgreSQL and the
// generator. They append and keep their file open, so what is in it goes to one old file, .1; a line that
// comes in just that moment is lost.
void bound_output(const std::filesystem::path& folder, std::uint64_t bytes_max = LogFile::kBytesMax);

}  // namespace freshet::app
