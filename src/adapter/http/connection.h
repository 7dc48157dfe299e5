// One client's connection: reads requests with Boost.Beast's parser and calls the handler, until either side
// ends it.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "adapter/http/server.h"
#include "adapter/http/socket.h"
#include "base/guarded.h"

namespace freshet::http {

class Connection {
 public:
  Connection(Socket socket, const Options& options, const Server::Handler& handler)
      : socket_(std::move(socket)), options_(options), handler_(handler) {}

  // On the connection's own thread; returns when the connection has ended. Doesn't throw.
  void run();

  // From the server's thread: no request after the one in work; an idle connection ends at once.
  void end_when_idle();
  // From the server's thread: since when it waits for a request; nothing while it has one, or ends.
  std::optional<std::chrono::steady_clock::time_point> idle_since();
  // From the server's thread: break it now.
  void cut() { socket_.shut_down(); }

 private:
  bool may_begin_request();
  bool may_go_on();
  bool ending();

  Socket socket_;
  const Options& options_;
  const Server::Handler& handler_;

  Mutex mutex_;
  bool busy_ GUARDED_BY(mutex_) = false;
  std::chrono::steady_clock::time_point idle_since_ GUARDED_BY(mutex_) = std::chrono::steady_clock::now();
  bool ending_ GUARDED_BY(mutex_) = false;
};

// Answers 503 without reading the request.
void refuse(Socket socket);

}  // namespace freshet::http
