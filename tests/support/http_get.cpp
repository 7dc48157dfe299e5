#include "support/http_get.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

namespace freshet::test {

HttpAnswer http_get(const std::string& base_url, const std::string& path) {
  const int port = std::stoi(base_url.substr(base_url.rfind(':') + 1));
  const int peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (peer < 0) return {};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const timeval limit{.tv_sec = 10, .tv_usec = 0};
  setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  std::string answer;
  if (connect(peer, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    const std::string request = "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    send(peer, request.data(), request.size(), MSG_NOSIGNAL);
    char chunk[65536];
    for (ssize_t got; (got = recv(peer, chunk, sizeof chunk, 0)) > 0;)
      answer.append(chunk, static_cast<std::size_t>(got));
  }
  close(peer);
  const std::size_t body = answer.find("\r\n\r\n");
  if (body == std::string::npos) return {};
  return {std::stoi(answer.substr(answer.find(' ') + 1)), answer.substr(body + 4)};
}

}  // namespace freshet::test
