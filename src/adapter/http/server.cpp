#include "adapter/http/server.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <list>
#include <thread>

#include "adapter/http/connection.h"
#include "adapter/http/socket.h"
#include "base/error.h"
#include "base/guarded.h"
#include "base/log.h"

namespace freshet::http {
namespace {

bool is_exhaustion(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

class Server::Impl {
 public:
  Impl(Options options, Handler handler)
      : options_(std::move(options)),
        handler_(std::move(handler)),
        listener_(listen_on(options_.address, options_.port)),
        port_(port_of(listener_)),
        acceptor_([this](const std::stop_token& stop) { accept_until(stop); }) {}

  ~Impl() { stop(Milliseconds(0)); }

  std::uint16_t port() const { return port_; }

  std::size_t connections() const {
    const MutexLock lock(mutex_);
    return open_;
  }

  void stop(Milliseconds grace) {
    acceptor_.request_stop();
    ::shutdown(listener_.get(), SHUT_RDWR);  // ends the wait for a client
    if (acceptor_.joinable()) acceptor_.join();
    end_connections(grace);
    join_ended();
  }

 private:
  // The acceptor's thread makes and joins slots; `connection` is null before and after the thread's work.
  struct Slot {
    std::thread thread;
    Connection* connection = nullptr;
    bool ended = false;
  };

  void accept_until(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      Descriptor client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      const int failed = errno;
      if (stop.stop_requested()) break;
      join_ended();
      if (client.get() >= 0)
        take(Socket(std::move(client)));
      else if (is_exhaustion(failed))
        wait_for_room(failed, stop);
    }
  }

  void take(Socket socket) {
    if (connections() >= options_.max_connections && !end_longest_idle()) {
      log::warn("http_connection_refused", {{"limit", options_.max_connections}, {"port", port_}});
      return refuse(std::move(socket));
    }
    const MutexLock lock(mutex_);
    ++open_;
    Slot& slot = slots_.emplace_back();
    slot.thread = std::thread([this, &slot, taken = std::make_shared<Socket>(std::move(socket))] {
      Connection connection(std::move(*taken), options_, handler_);
      announce(slot, &connection);
      connection.run();
      retire(slot);
    });
  }

  // False when all of them are at work.
  bool end_longest_idle() {
    const MutexLock lock(mutex_);
    Connection* longest = nullptr;
    std::chrono::steady_clock::time_point since;
    each_connection([&](Connection& connection) {
      const auto idle_since = connection.idle_since();
      if (!idle_since || (longest != nullptr && *idle_since >= since)) return;
      longest = &connection;
      since = *idle_since;
    });
    if (longest != nullptr) longest->end_when_idle();
    return longest != nullptr;
  }

  void announce(Slot& slot, Connection* connection) {
    const MutexLock lock(mutex_);
    slot.connection = connection;
    if (ending_) connection->end_when_idle();
  }

  void retire(Slot& slot) {
    const MutexLock lock(mutex_);
    slot.connection = nullptr;
    slot.ended = true;
    --open_;
    retired_.notify_all();
  }

  void join_ended() {
    const MutexLock lock(mutex_);
    slots_.remove_if([](Slot& slot) {
      if (slot.ended) slot.thread.join();
      return slot.ended;
    });
  }

  // No file descriptor is left: taking clients goes on when one of ours has ended, or soon.
  void wait_for_room(int failed, const std::stop_token& stop) NO_THREAD_SAFETY_ANALYSIS {
    log::warn("http_accept_failed", {{"reason", std::strerror(failed)}, {"port", port_}});
    const MutexLock lock(mutex_);
    retired_.wait_for(mutex_, stop, std::chrono::milliseconds(200), [] { return false; });
  }

  void end_connections(Milliseconds grace) {
    const MutexLock lock(mutex_);
    ending_ = true;
    each_connection([](Connection& connection) { connection.end_when_idle(); });
    const auto until = std::chrono::steady_clock::now() + grace;
    while (open_ > 0 && retired_.wait_until(mutex_, until) == std::cv_status::no_timeout) {
    }
    each_connection([](Connection& connection) { connection.cut(); });
    while (open_ > 0) retired_.wait(mutex_);
  }

  void each_connection(auto&& act) REQUIRES(mutex_) {
    for (Slot& slot : slots_) {
      if (slot.connection != nullptr) act(*slot.connection);
    }
  }

  const Options options_;
  const Handler handler_;
  const Descriptor listener_;
  const std::uint16_t port_;

  mutable Mutex mutex_;
  Condition retired_;
  std::list<Slot> slots_ GUARDED_BY(mutex_);
  std::size_t open_ GUARDED_BY(mutex_) = 0;
  bool ending_ GUARDED_BY(mutex_) = false;

  std::jthread acceptor_;
};

Server::Server(Options options, Handler handler)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(handler))) {}
Server::~Server() = default;

std::uint16_t Server::port() const {
  return impl_->port();
}
std::size_t Server::connections() const {
  return impl_->connections();
}
void Server::stop(Milliseconds grace) {
  impl_->stop(grace);
}

std::string read_all(Exchange& exchange, std::size_t limit) {
  std::string body;
  std::string part(65536, '\0');
  while (const std::size_t got = exchange.read(part)) {
    if (body.size() + got > limit) {
      throw Error(ErrorKind::capacity,
                  "the request's body is longer than " + std::to_string(limit) + " bytes");
    }
    body.append(part, 0, got);
  }
  return body;
}

}  // namespace freshet::http
