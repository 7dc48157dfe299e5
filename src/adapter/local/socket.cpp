#include "adapter/local/socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"

namespace freshet::local {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

Error failed(std::string_view doing, int code) {
  return Error(ErrorKind::transient, std::string(doing) + ": " + std::strerror(code));
}

int new_socket() {
  const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) throw failed("can't make a local socket", errno);
  return descriptor;
}

// An address holds 107 bytes, a path may be longer: name the folder by its open descriptor.
class Address {
 public:
  explicit Address(const std::filesystem::path& path)
      : folder_(open(path.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {
    address_.sun_family = AF_UNIX;
    const std::string text = "/proc/self/fd/" + std::to_string(folder_) + "/" + path.filename().string();
    if (text.size() >= sizeof address_.sun_path)
      throw Error(ErrorKind::config, "the name of the socket is too long: " + path.string());
    std::memcpy(address_.sun_path, text.c_str(), text.size() + 1);
  }
  Address(const Address&) = delete;
  Address& operator=(const Address&) = delete;
  ~Address() { close(folder_); }

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address_); }

 private:
  int folder_;
  sockaddr_un address_{};
};

}  // namespace

Connection::Connection(Connection&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), buffer_(std::move(other.buffer_)) {}

Connection::~Connection() {
  if (descriptor_ >= 0) close(descriptor_);
}

std::optional<Connection> Connection::connect(const std::filesystem::path& path) {
  const Address address(path);
  Connection connection(new_socket());
  if (::connect(connection.descriptor_, address.get(), sizeof(sockaddr_un)) == 0) return connection;
  if (errno == ENOENT || errno == ECONNREFUSED) return std::nullopt;
  throw failed("can't connect to " + path.string(), errno);
}

void Connection::wait_for(short event, steady_clock::time_point until) const {
  const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now());
  pollfd socket{.fd = descriptor_, .events = event, .revents = 0};
  if (left.count() <= 0 || poll(&socket, 1, static_cast<int>(left.count())) == 0)
    throw Error(ErrorKind::transient, "the other side of the local socket doesn't answer");
}

std::string Connection::read_line(milliseconds timeout) {
  const auto until = steady_clock::now() + timeout;
  for (std::size_t searched = 0;;) {
    if (const std::size_t end = buffer_.find('\n', searched); end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    searched = buffer_.size();
    if (searched > kLineBytesMax) throw Error(ErrorKind::data, "a line on the local socket has no end");
    wait_for(POLLIN, until);
    char chunk[65536];
    const ssize_t got = recv(descriptor_, chunk, sizeof chunk, 0);
    if (got == 0) throw Error(ErrorKind::transient, "the other side closed the local socket");
    if (got < 0 && errno != EAGAIN && errno != EINTR) throw failed("can't read the local socket", errno);
    if (got > 0) buffer_.append(chunk, static_cast<std::size_t>(got));
  }
}

void Connection::write_line(std::string_view line, milliseconds timeout) {
  const auto until = steady_clock::now() + timeout;
  std::string bytes(line);
  bytes += '\n';
  for (std::size_t done = 0; done < bytes.size();) {
    wait_for(POLLOUT, until);
    const ssize_t sent = send(descriptor_, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) throw failed("can't write the local socket", errno);
    if (sent > 0) done += static_cast<std::size_t>(sent);
  }
}

Listener::Listener(const std::filesystem::path& path) : path_(path), descriptor_(new_socket()) {
  unlink(path.c_str());
  const Address address(path);
  const mode_t others = umask(0177);
  const bool bound = bind(descriptor_, address.get(), sizeof(sockaddr_un)) == 0;
  const int code = errno;
  umask(others);
  if (!bound || listen(descriptor_, 16) != 0) {
    close(descriptor_);
    throw failed("can't listen on " + path.string(), bound ? errno : code);
  }
}

Listener::~Listener() {
  close(descriptor_);
  unlink(path_.c_str());
}

std::optional<Connection> Listener::accept(milliseconds timeout) const {
  pollfd socket{.fd = descriptor_, .events = POLLIN, .revents = 0};
  if (poll(&socket, 1, static_cast<int>(timeout.count())) <= 0) return std::nullopt;
  const int peer = accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (peer < 0) return std::nullopt;  // it left again meanwhile
  return Connection(peer);
}

}  // namespace freshet::local
