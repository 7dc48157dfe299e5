// A way to a server on loopback that can be made slow: whatever the server answers is held back for a while.
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace freshet::test {

class SlowLink {
 public:
  // Leads to `server_port`. `only_to`: what a request must hold for its answer to be held back; empty: any.
  explicit SlowLink(int server_port, std::string only_to = "");
  SlowLink(const SlowLink&) = delete;
  SlowLink& operator=(const SlowLink&) = delete;
  ~SlowLink();

  int port() const { return port_; }
  // From now on each answer comes so much later.
  void hold_answers_for(std::chrono::milliseconds delay) { delay_ms_ = static_cast<int>(delay.count()); }
  // How many have been held back, or are.
  int held() const { return held_; }

 private:
  void accept_until(std::stop_token stop);
  void carry(int client, std::stop_token stop);
  void hold();

  const int server_port_;
  const std::string only_to_;
  int port_ = 0;
  int listener_ = -1;
  std::atomic<int> delay_ms_{0};
  std::atomic<int> held_{0};
  std::jthread accepting_;
};

// `url` with the port of a link in place of the server's own.
std::string through(const SlowLink& link, const std::string& url);
// The port that a URL names.
int port_of(const std::string& url);

}  // namespace freshet::test
