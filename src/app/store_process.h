// The embedded ClickHouse as a child process: started with the port it had before, restarted by the
// supervisor when it dies, stopped in order at the end. run() belongs to its stage's thread; url() may be
// asked by any.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>

#include "adapter/process/child.h"
#include "base/clock.h"
#include "base/guarded.h"

namespace freshet::app {

struct StoreOptions {
  std::filesystem::path program;    // freshet-store
  std::filesystem::path data;       // the engine's files
  std::filesystem::path port_file;  // keeps the port from one start to the next
  std::filesystem::path log;
  std::chrono::milliseconds start_deadline{120'000};  // opening hundreds of tables takes seconds
  std::chrono::milliseconds stop_grace{30'000};
};

class StoreProcess {
 public:
  StoreProcess(StoreOptions options, const Clock& clock) : options_(std::move(options)), clock_(clock) {}

  // Runs the child until stopped. Throws Error{transient} when it ended by itself.
  void run(std::stop_token stop);

  // Where it answers; nothing before its first start. It stays the same, while the child may be away.
  std::optional<std::string> url() const;

 private:
  // False when stopped meanwhile.
  bool wait_until_it_answers(process::Child& child, const std::filesystem::path& port_now,
                             std::stop_token stop);
  std::uint16_t kept_port() const;

  const StoreOptions options_;
  const Clock& clock_;
  mutable Mutex mutex_;
  std::optional<std::string> url_ GUARDED_BY(mutex_);
};

}  // namespace freshet::app
