// Child processes of tests: started in the foreground of their own session, stopped by their own pid, never
// left behind.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "support/small_disk.h"

namespace freshet::test {

struct ProcessOptions {
  std::vector<std::string> arguments;         // [0] is the program
  std::vector<std::string> environment = {};  // KEY=value, added to ours
  std::string output = {};                    // a file that gets stdout and stderr; empty: ours
  std::string user = {};                      // run as this user when we are root; empty: as ourselves
  std::vector<SmallDisk> disks = {};          // that it has instead of ours
};

class Process {
 public:
  explicit Process(const ProcessOptions& options);
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  ~Process();  // SIGTERM, then SIGKILL after 10 s

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  bool running();
  // The exit status (128 + signal when killed). Waits; -1 when `timeout` passed.
  int wait(std::chrono::milliseconds timeout);
  int stop(int signal_number, std::chrono::milliseconds timeout);

 private:
  pid_t pid_ = -1;
  int status_ = -1;
};

// Runs to its end; the exit status.
int run(const ProcessOptions& options, std::chrono::milliseconds timeout = std::chrono::seconds(120));

// A free loopback port, as of now. It lies below those that the kernel gives to outgoing connections: a
// server that is stopped and started again finds it free.
int free_port();

// A folder below $TMPDIR that goes with the object.
class TempDir {
 public:
  explicit TempDir(const std::string& prefix = "freshet-");
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Waits until `condition` holds, looking every few milliseconds; false when `timeout` passed.
template <class Condition>
bool eventually(Condition&& condition, std::chrono::milliseconds timeout = std::chrono::seconds(20));

void pause_between_looks();

template <class Condition>
bool eventually(Condition&& condition, std::chrono::milliseconds timeout) {
  const auto until = std::chrono::steady_clock::now() + timeout;
  do {
    if (condition()) return true;
    pause_between_looks();
  } while (std::chrono::steady_clock::now() < until);
  return condition();
}

}  // namespace freshet::test
