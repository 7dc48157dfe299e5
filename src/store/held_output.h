// A result kept until the query has ended (wait_end_of_query): in memory up to a limit, then in a file
// without a name.
#pragma once

#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace freshet::store {

class HeldOutput {
 public:
  // Beyond this it goes to a file.
  static constexpr std::size_t kMemoryBytes = 1u << 20;

  void append(std::string_view bytes);
  bool in_memory() const { return file_ == nullptr; }
  const std::string& memory() const { return memory_; }
  // Everything, in pieces.
  void replay(const std::function<void(std::string_view)>& take);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::string memory_;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace freshet::store
