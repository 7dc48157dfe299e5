// A child process as RAII: started with its own arguments and log, stopped by its own pid. Owned by one
// thread, and the child dies with that thread (PR_SET_PDEATHSIG), however the process ends.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace freshet::process {

struct ChildOptions {
  std::filesystem::path program;
  std::vector<std::string> arguments;  // without the program's name
  std::filesystem::path log;           // gets its standard output and error; its input is empty
  std::filesystem::path folder;        // its working directory
  // The variables of ours that it gets, where they are set; no other, since ours may hold passwords.
  std::vector<std::string> environment = {};
};

class Child {
 public:
  // Throws Error{config} when the program can't be run.
  explicit Child(const ChildOptions& options);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();  // SIGKILL when it still runs

  pid_t pid() const { return pid_; }
  // How it ended ("exit status 1", "signal 9"); nothing while it runs.
  const std::optional<std::string>& ended();
  // SIGTERM, and SIGKILL when it hasn't ended by then.
  void stop(std::chrono::milliseconds grace);

 private:
  pid_t pid_;
  std::optional<std::string> ended_;
};

}  // namespace freshet::process
