// A Unix socket that carries lines: how a command talks to a running process on the same machine. Each end is
// owned by one thread; every call has a deadline and every line a limit.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace freshet::local {

inline constexpr std::size_t kLineBytesMax = 16 << 20;

class Connection {
 public:
  explicit Connection(int descriptor) : descriptor_(descriptor) {}
  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&&) = delete;
  ~Connection();

  // Nothing when nobody listens there.
  static std::optional<Connection> connect(const std::filesystem::path& path);

  // The next line without its end. Throws Error{transient} when the other side left or `timeout` passed,
  // Error{data} when the line is longer than kLineBytesMax.
  std::string read_line(std::chrono::milliseconds timeout);
  void write_line(std::string_view line, std::chrono::milliseconds timeout);

 private:
  void wait_for(short event, std::chrono::steady_clock::time_point until) const;

  int descriptor_;
  std::string buffer_;
};

class Listener {
 public:
  // Takes the place of a socket that a dead process left: whoever listens must hold a lock besides. Only this
  // user may connect.
  explicit Listener(const std::filesystem::path& path);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();  // removes the socket

  // Nothing when nobody came within `timeout`.
  std::optional<Connection> accept(std::chrono::milliseconds timeout) const;

 private:
  const std::filesystem::path path_;
  int descriptor_;
};

}  // namespace freshet::local
