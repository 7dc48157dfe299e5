#include "adapter/http/socket.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/error.h"

namespace freshet::http {
namespace {

// Clients that connect at once and wait to be accepted.
constexpr int kBacklog = 512;

Error broken(std::string_view doing) {
  return Error(ErrorKind::transient,
               fmt::format("HTTP connection broke while {}: {}", doing, std::strerror(errno)));
}

// True when one of `events` (or an error) is there, false after `timeout`.
bool wait_for(int fd, short events, std::chrono::milliseconds timeout) {
  const auto end = std::chrono::steady_clock::now() + timeout;
  pollfd wanted{fd, events, 0};
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    const int ready = ::poll(&wanted, 1, static_cast<int>(std::max<std::int64_t>(0, left.count())));
    if (ready > 0) return true;
    if (ready == 0) return false;
    if (errno != EINTR) throw broken("waiting");
  }
}

void set_option(int fd, int level, int option) {
  const int on = 1;
  ::setsockopt(fd, level, option, &on, sizeof on);
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Socket::Socket(Descriptor descriptor) : descriptor_(std::move(descriptor)) {
  set_option(descriptor_.get(), IPPROTO_TCP, TCP_NODELAY);
  set_option(descriptor_.get(), SOL_SOCKET, SO_KEEPALIVE);
}

bool Socket::wait_readable(std::chrono::milliseconds timeout) const {
  return wait_for(descriptor_.get(), POLLIN, timeout);
}

std::size_t Socket::read_some(char* to, std::size_t size, std::chrono::milliseconds timeout) {
  for (;;) {
    const ssize_t got = ::recv(descriptor_.get(), to, size, MSG_DONTWAIT);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) throw broken("reading");
    if (!wait_for(descriptor_.get(), POLLIN, timeout)) {
      throw Error(ErrorKind::transient, fmt::format("HTTP client sent nothing for {} ms", timeout.count()));
    }
  }
}

void Socket::write_all(std::string_view bytes, std::chrono::milliseconds timeout) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(descriptor_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!wait_for(descriptor_.get(), POLLOUT, timeout)) {
        throw Error(ErrorKind::transient, fmt::format("HTTP client took nothing for {} ms", timeout.count()));
      }
    } else if (errno != EINTR) {
      throw broken("writing");
    }
  }
}

bool Socket::peer_left() const {
  pollfd wanted{descriptor_.get(), POLLRDHUP, 0};
  return ::poll(&wanted, 1, 0) > 0;
}

void Socket::reset_on_close() const {
  const linger at_once{1, 0};
  ::setsockopt(descriptor_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void Socket::shut_down_reading() const {
  ::shutdown(descriptor_.get(), SHUT_RD);
}
void Socket::shut_down_writing() const {
  ::shutdown(descriptor_.get(), SHUT_WR);
}
void Socket::shut_down() const {
  ::shutdown(descriptor_.get(), SHUT_RDWR);
}

Descriptor listen_on(const std::string& address, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (failed != 0) {
    throw Error(ErrorKind::config, fmt::format("can't listen on '{}': {}", address, ::gai_strerror(failed)));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);

  Descriptor listener(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  set_option(listener.get(), SOL_SOCKET, SO_REUSEADDR);
  if (::bind(listener.get(), found->ai_addr, found->ai_addrlen) != 0 ||
      ::listen(listener.get(), kBacklog) != 0) {
    throw Error(ErrorKind::config,
                fmt::format("can't listen on {}:{}: {}", address, port, std::strerror(errno)),
                "choose another port, or 0 for a free one");
  }
  return listener;
}

std::uint16_t port_of(const Descriptor& listener) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw broken("listening");
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(address).sin6_port
                                             : reinterpret_cast<sockaddr_in&>(address).sin_port);
}

}  // namespace freshet::http
