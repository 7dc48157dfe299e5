// Freshet's one HTTP server: the embedded ClickHouse, the API and the status page stand on it.
// Each connection has a thread of its own, which calls the handler for one request after the other. A handler
// reads the body and writes the answer as streams, so neither has to fit in memory.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "adapter/http/request.h"

namespace freshet::http {

using Milliseconds = std::chrono::milliseconds;

struct Options {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: a free one, see Server::port()

  // One more ends the connection that has been idle for longest; when none is idle, it is answered 503.
  std::size_t max_connections = 256;
  std::size_t max_head_bytes =
      1u << 20;  // request line and headers; ClickHouse's clients put whole queries there

  Milliseconds first_timeout{std::chrono::seconds(15)};  // before the first request of a connection
  Milliseconds idle_timeout{std::chrono::minutes(2)};    // between two requests of a connection
  Milliseconds head_timeout{
      std::chrono::seconds(15)};  // from a request's first byte to the end of its headers
  Milliseconds body_timeout{std::chrono::minutes(2)};   // without one byte of the body
  Milliseconds write_timeout{std::chrono::minutes(2)};  // without the client taking one byte of the answer
};

// One request and its answer; valid during the handler's call, used by its thread only.
// Either respond() once, or begin(), write()*, finish(). A handler that returns or throws after begin() and
// before finish() breaks the connection, so that the client can't take a part for the whole. One that throws
// before answering is answered with 500.
class Exchange {
 public:
  virtual ~Exchange() = default;

  virtual const Request& request() const = 0;

  // Bytes of the body, decoded from chunks, or 0 at its end. Error{transient} when the client left or
  // stalled.
  virtual std::size_t read(std::span<char> to) = 0;

  virtual void respond(int status, const Headers& headers, std::string_view body) = 0;
  // Sends the status line and headers at once; the body goes out in chunks of the sizes given to write().
  virtual void begin(int status, const Headers& headers) = 0;
  virtual void write(std::string_view bytes) = 0;
  virtual void finish() = 0;
  virtual bool answered() const = 0;  // respond() or begin() was called

  // Asks the socket, without waiting: did the client close the connection? May be called from any thread.
  virtual bool client_gone() const = 0;
};

// The rest of the body; Error{capacity} when it is longer than `limit` bytes.
std::string read_all(Exchange& exchange, std::size_t limit);

class Server {
 public:
  using Handler = std::function<void(Exchange&)>;

  // Listens, and serves at once. Error{config} when the address can't be had. `handler` is called by many
  // threads.
  Server(Options options, Handler handler);
  ~Server();

  std::uint16_t port() const;
  std::size_t connections() const;

  // Takes no more requests, lets those in work finish for `grace`, then breaks their connections (handlers
  // see the client gone) and waits for their threads. The destructor does it with no grace.
  void stop(Milliseconds grace);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::http
