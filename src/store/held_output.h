// A result kept until the query has ended (wait_end_of_query): in memory up to a limit, then in a file
// without a name. What all of them keep in files has a limit, too.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace freshet::store {

class HeldOutput {
 public:
  // Shared by all threads.
  struct Disk {
    const std::uint64_t limit;
    std::atomic<std::uint64_t> used = 0;
  };
  static Disk& disk_of_all();  // 4 GB

  explicit HeldOutput(Disk& disk = disk_of_all()) : disk_(disk) {}
  HeldOutput(const HeldOutput&) = delete;
  HeldOutput& operator=(const HeldOutput&) = delete;
  ~HeldOutput() { disk_.used -= on_disk_; }

  // Beyond this it goes to a file.
  static constexpr std::size_t kMemoryBytes = 1u << 20;

  // ClickHouseError{TOO_MANY_ROWS_OR_BYTES} when the disk's limit is reached.
  void append(std::string_view bytes);
  bool in_memory() const { return file_ == nullptr; }
  const std::string& memory() const { return memory_; }
  // Everything, in pieces.
  void replay(const std::function<void(std::string_view)>& take);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  void write_to_file(std::string_view bytes);

  Disk& disk_;
  std::uint64_t on_disk_ = 0;
  std::string memory_;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace freshet::store
