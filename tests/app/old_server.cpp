#include "old_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace freshet::test {
namespace {

std::string message(char type, const std::string& payload) {
  const std::uint32_t length = htonl(static_cast<std::uint32_t>(payload.size() + 4));
  return type + std::string(reinterpret_cast<const char*>(&length), sizeof length) + payload;
}

constexpr int kLookEveryMs = 20;

}  // namespace

OldServer::OldServer(std::string version)
    : version_(std::move(version)), listener_(socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener_, raw, size) != 0 || listen(listener_, 8) != 0 || getsockname(listener_, raw, &size) != 0)
    throw std::runtime_error("no port for a scripted server");
  port_ = ntohs(address.sin_port);
  thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
}

OldServer::~OldServer() {
  thread_.request_stop();
  thread_.join();
  close(listener_);
}

std::string OldServer::url() const {
  return "postgres://me@127.0.0.1:" + std::to_string(port_) + "/shop?sslmode=disable&gssencmode=disable";
}

void OldServer::serve(const std::stop_token& stop) const {
  while (!stop.stop_requested()) {
    pollfd waiting{listener_, POLLIN, 0};
    if (poll(&waiting, 1, kLookEveryMs) != 1) continue;
    const int client = accept(listener_, nullptr, nullptr);
    greet(client);
    // Whatever it asks: the connection ends.
    close(client);
  }
}

// Accepted without a password, the version, ready for a query.
void OldServer::greet(int client) const {
  char startup[1024];
  if (recv(client, startup, sizeof startup, 0) <= 0) return;
  const std::string greeting = message('R', std::string(4, '\0')) +
                               message('S', std::string("server_version\0", 15) + version_ + '\0') +
                               message('Z', "I");
  if (send(client, greeting.data(), greeting.size(), MSG_NOSIGNAL) < 0) return;
  recv(client, startup, sizeof startup, 0);
}

}  // namespace freshet::test
