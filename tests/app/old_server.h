// A scripted fault: a server that greets as an old PostgreSQL does, and answers nothing after that. It speaks
// as much of the protocol as a client needs to learn the version
// (https://www.postgresql.org/docs/15/protocol-flow.html).
#pragma once

#include <string>
#include <thread>

namespace freshet::test {

class OldServer {
 public:
  explicit OldServer(std::string version);
  ~OldServer();
  OldServer(const OldServer&) = delete;
  OldServer& operator=(const OldServer&) = delete;

  std::string url() const;

 private:
  void serve(const std::stop_token& stop) const;
  void greet(int client) const;

  const std::string version_;
  int listener_ = -1;
  int port_ = 0;
  std::jthread thread_;
};

}  // namespace freshet::test
