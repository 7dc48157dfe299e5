// A connected TCP socket whose every wait has a deadline. One thread reads and writes it; shut_down() and
// peer_left() may be called from any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace freshet::http {

// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  int get() const { return fd_; }

 private:
  int fd_;
};

class Socket {
 public:
  // Sets TCP_NODELAY: answers are often smaller than a segment, and Nagle would hold them back for 40 ms.
  explicit Socket(Descriptor descriptor);

  // Waits until bytes (or the end) can be read. False when `timeout` passed first.
  bool wait_readable(std::chrono::milliseconds timeout) const;

  // 0 at the end. Error{transient} when nothing came within `timeout` or the connection broke.
  std::size_t read_some(char* to, std::size_t size, std::chrono::milliseconds timeout);

  // All of it. Error{transient} when the peer took nothing for `timeout` or the connection broke.
  void write_all(std::string_view bytes, std::chrono::milliseconds timeout);

  // True once the peer closed its side or the connection broke. A client that half-closes counts as gone:
  // HTTP clients don't do it, and it is the only sign of a client that gave up.
  bool peer_left() const;

  // Makes closing tell the peer that something broke, where an orderly end could pass for a complete answer.
  void reset_on_close() const;
  void shut_down_reading() const;
  void shut_down_writing() const;
  void shut_down() const;

 private:
  Descriptor descriptor_;
};

// Listens on `address` (a name or a number) and `port`; 0 takes a free one. Error{config} when it can't.
Descriptor listen_on(const std::string& address, std::uint16_t port);
std::uint16_t port_of(const Descriptor& listener);

}  // namespace freshet::http
