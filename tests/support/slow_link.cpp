#include "support/slow_link.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace freshet::test {
namespace {

constexpr int kLookEveryMs = 20;  // at the stop request

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool send_all(int to, const char* bytes, ssize_t size) {
  while (size > 0) {
    const ssize_t sent = send(to, bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes += sent;
    size -= sent;
  }
  return true;
}

std::size_t port_begins(const std::string& url) {
  const std::size_t at = url.find("127.0.0.1:");
  if (at == std::string::npos) throw std::runtime_error("no port on loopback in a test server's URL");
  return at + sizeof("127.0.0.1:") - 1;
}

}  // namespace

SlowLink::SlowLink(int server_port, std::string only_to)
    : server_port_(server_port),
      only_to_(std::move(only_to)),
      listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 16) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("no port for a slow link");
  port_ = ntohs(address.sin_port);
  accepting_ = std::jthread([this](std::stop_token stop) { accept_until(stop); });
}

SlowLink::~SlowLink() {
  accepting_.request_stop();
  accepting_.join();
  close(listener_);
}

void SlowLink::accept_until(std::stop_token stop) {
  std::vector<std::jthread> links;
  while (!stop.stop_requested()) {
    pollfd waiting{listener_, POLLIN, 0};
    if (poll(&waiting, 1, kLookEveryMs) <= 0) continue;
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    links.emplace_back([this, client](std::stop_token ended) { carry(client, ended); });
  }
}

void SlowLink::hold() {
  if (delay_ms_ == 0) return;
  ++held_;
  poll(nullptr, 0, delay_ms_);
}

void SlowLink::carry(int client, std::stop_token stop) {
  const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(server_port_);
  bool open = connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  std::array<char, 65536> bytes;
  bool slow = only_to_.empty();
  while (open && !stop.stop_requested()) {
    std::array<pollfd, 2> ends{{{client, POLLIN, 0}, {server, POLLIN, 0}}};
    if (poll(ends.data(), ends.size(), kLookEveryMs) <= 0) continue;
    for (const bool answer : {false, true}) {
      if (!open || ends[answer ? 1 : 0].revents == 0) continue;
      const ssize_t size = recv(answer ? server : client, bytes.data(), bytes.size(), 0);
      if (!answer && !only_to_.empty() && size > 0)
        slow = std::string_view(bytes.data(), static_cast<std::size_t>(size)).find(only_to_) !=
               std::string_view::npos;
      if (answer && slow) hold();
      open = size > 0 && send_all(answer ? client : server, bytes.data(), size);
    }
  }
  close(server);
  close(client);
}

int port_of(const std::string& url) {
  return std::stoi(url.substr(port_begins(url)));
}

std::string through(const SlowLink& link, const std::string& url) {
  const std::size_t begin = port_begins(url);
  const std::size_t end = url.find_first_not_of("0123456789", begin);
  return url.substr(0, begin) + std::to_string(link.port()) + url.substr(end);
}

}  // namespace freshet::test
