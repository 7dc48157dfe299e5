// A real embedded ClickHouse for tests: freshet-store in a temporary folder.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/process.h"

namespace freshet::test {

// A server of its own, for tests that kill or restart it or need it configured.
class TestStore {
 public:
  // `arguments` and `environment` (KEY=value) besides --path and --port.
  explicit TestStore(std::vector<std::string> arguments = {}, std::vector<std::string> environment = {});

  std::string url() const;  // without a slash at its end
  int port() const { return port_; }
  const std::string& folder() const { return dir_.path(); }
  pid_t pid() const { return process_->pid(); }
  std::string log() const;

  void start();  // on the same data and port; waits until it is ready
  int stop();    // SIGTERM; the exit status
  void kill();   // kill -9
  bool running() { return process_ != nullptr && process_->running(); }

 private:
  TempDir dir_;
  std::vector<std::string> arguments_;
  std::vector<std::string> environment_;
  int port_ = 0;
  std::unique_ptr<Process> process_;
};

// The server shared by the tests: FRESHET_TEST_STORE (http://…) where set, else one started on first use.
std::string shared_store_url();

// A database of one's own on a server; dropped with the object.
class StoreDatabase {
 public:
  explicit StoreDatabase(std::string server_url = shared_store_url());
  StoreDatabase(const StoreDatabase&) = delete;
  StoreDatabase& operator=(const StoreDatabase&) = delete;
  ~StoreDatabase();

  const std::string& name() const { return name_; }
  const std::string& url() const { return server_url_; }

 private:
  std::string server_url_;
  std::string name_;
};

}  // namespace freshet::test
