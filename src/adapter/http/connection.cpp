#include "adapter/http/connection.h"

#include <fmt/format.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <limits>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/log.h"

namespace freshet::http {
namespace {

namespace beast = boost::beast::http;
using boost::beast::flat_buffer;
using ErrorCode = boost::beast::error_code;
using Parser = beast::request_parser<beast::buffer_body>;

// A body that the handler left unread is read and thrown away up to here, so that the client gets to see the
// answer instead of a reset; beyond, the connection is closed.
constexpr std::size_t kDrainBytes = 256u << 20;
constexpr Milliseconds kDrainTime{std::chrono::seconds(10)};
// An answer up to this size leaves with its headers in one write.
constexpr std::size_t kOneWriteBytes = 64u << 10;

// What Beast's blocking algorithms read from: the socket, with the deadline of the phase it is in.
class Stream {
 public:
  explicit Stream(Socket& socket) : socket_(socket) {}

  void allow(Milliseconds per_read) {
    per_read_ = per_read;
    end_.reset();
  }
  void allow_until(std::chrono::steady_clock::time_point end) { end_ = end; }

  template <class Buffers>
  std::size_t read_some(const Buffers& buffers, ErrorCode& error) {
    const boost::asio::mutable_buffer to = *boost::asio::buffer_sequence_begin(buffers);
    const std::size_t got = socket_.read_some(static_cast<char*>(to.data()), to.size(), budget());
    error = got == 0 ? ErrorCode(boost::asio::error::eof) : ErrorCode();
    return got;
  }
  template <class Buffers>
  std::size_t read_some(const Buffers& buffers) {
    ErrorCode error;
    const std::size_t got = read_some(buffers, error);
    if (error) throw boost::beast::system_error(error);
    return got;
  }

 private:
  Milliseconds budget() const {
    if (!end_) return per_read_;
    const auto left = std::chrono::ceil<Milliseconds>(*end_ - std::chrono::steady_clock::now());
    return std::max(left, Milliseconds(0));
  }

  Socket& socket_;
  Milliseconds per_read_{0};
  std::optional<std::chrono::steady_clock::time_point> end_;
};

// The request can't be answered by a handler: said to the client, and the connection ends.
struct BadRequest {
  int status;
  std::string text;
};

// False when the client ended the connection instead of beginning a request.
bool read_head(Stream& stream, flat_buffer& buffer, Parser& parser, const Options& options) {
  parser.header_limit(static_cast<std::uint32_t>(options.max_head_bytes));
  parser.body_limit(std::numeric_limits<std::uint64_t>::max());  // Beast 1.74 takes `none` for zero
  stream.allow_until(std::chrono::steady_clock::now() + options.head_timeout);
  ErrorCode error;
  beast::read_header(stream, buffer, parser, error);
  if (error == beast::error::end_of_stream) return false;
  if (error == beast::error::header_limit) {
    throw BadRequest{431,
                     fmt::format("The request's head is longer than {} bytes\n", options.max_head_bytes)};
  }
  if (error) throw BadRequest{400, error.message() + "\n"};
  return true;
}

Request decode_head(const Parser& parser) {
  const auto& message = parser.get();
  Request request;
  request.method = std::string(message.method_string());
  for (const auto& field : message) {
    request.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  }
  try {
    const auto target = message.target();
    parse_target(std::string_view(target.data(), target.size()), request);
  } catch (const Error& error) {
    throw BadRequest{400, std::string(error.what()) + "\n"};
  }
  return request;
}

// A line break in a value would begin a header that the client made up.
std::string on_one_line(std::string value) {
  std::erase_if(value, [](unsigned char letter) { return letter < 0x20 || letter == 0x7f; });
  return value;
}

bool has_no_body(int status) {
  return status == 204 || status == 304 || status < 200;
}

class ConnectionExchange final : public Exchange {
 public:
  ConnectionExchange(Socket& socket, Stream& stream, flat_buffer& buffer, Parser& parser,
                     const Options& options, bool keep_alive)
      : socket_(socket),
        stream_(stream),
        buffer_(buffer),
        parser_(parser),
        options_(options),
        request_(decode_head(parser)),
        keep_alive_(keep_alive && parser.keep_alive()),
        chunked_(parser.get().version() >= 11),
        owes_continue_(expects_continue()) {}

  const Request& request() const override { return request_; }
  bool answered() const override { return state_ != State::waiting; }
  bool client_gone() const override { return socket_.peer_left(); }

  std::size_t read(std::span<char> to) override {
    stream_.allow(options_.body_timeout);
    if (std::exchange(owes_continue_, false)) send("HTTP/1.1 100 Continue\r\n\r\n");
    return read_body(to);
  }

  void respond(int status, const Headers& headers, std::string_view body) override {
    const bool silent = has_no_body(status);
    std::string head = head_of(status, headers);
    if (!silent) fmt::format_to(std::back_inserter(head), "Content-Length: {}\r\n", body.size());
    head += "\r\n";
    if (silent || request_.method == "HEAD") body = {};
    state_ = State::begun;
    if (body.size() <= kOneWriteBytes) {
      head += body;
      body = {};
    }
    send(head);
    send(body);
    state_ = State::finished;
  }

  void begin(int status, const Headers& headers) override {
    if (!chunked_) keep_alive_ = false;  // HTTP/1.0: the end of the connection is the end of the answer
    std::string head = head_of(status, headers);
    if (chunked_) head += "Transfer-Encoding: chunked\r\n";
    head += "\r\n";
    state_ = State::begun;
    send(head);
  }

  void write(std::string_view bytes) override {
    if (bytes.empty() || request_.method == "HEAD") return;
    if (chunked_) send(fmt::format("{:x}\r\n", bytes.size()));
    send(bytes);
    if (chunked_) send("\r\n");
  }

  void finish() override {
    if (chunked_ && request_.method != "HEAD") send("0\r\n\r\n");
    state_ = State::finished;
  }

  // After the handler: true when the connection can carry another request.
  bool complete() {
    if (state_ != State::finished) {
      // The client must not take the part it got for the whole.
      socket_.reset_on_close();
      return false;
    }
    const bool whole = drain();
    if (!whole) linger();
    return whole && keep_alive_;
  }

 private:
  enum class State { waiting, begun, finished };

  bool expects_continue() const {
    const std::string* expect = request_.header("Expect");
    return expect != nullptr && equal_ignoring_case(*expect, "100-continue") && !parser_.is_done();
  }

  std::size_t read_body(std::span<char> to) {
    auto& body = parser_.get().body();
    body.data = to.data();
    body.size = to.size();
    body.more = true;
    while (body.size == to.size() && !to.empty() && !parser_.is_done()) {
      ErrorCode error;
      body_broke_ = true;  // unless this read returns
      beast::read_some(stream_, buffer_, parser_, error);
      if (error && error != beast::error::need_buffer) {
        throw Error(ErrorKind::transient, "the request's body broke off: " + error.message());
      }
      body_broke_ = false;
    }
    return to.size() - body.size;
  }

  // False when the rest of the body is too long, or was never going to come.
  bool drain() {
    if (parser_.is_done()) return true;
    if (owes_continue_ || body_broke_) return false;
    std::array<char, 65536> waste;
    const auto end = std::chrono::steady_clock::now() + kDrainTime;
    for (std::size_t drained = 0; drained < kDrainBytes && std::chrono::steady_clock::now() < end;) {
      stream_.allow_until(end);
      const std::size_t got = read_body(waste);
      if (got == 0) return true;
      drained += got;
    }
    return false;
  }

  // Closing with unread bytes would reset the connection and take the answer from the client: end our side
  // first and give it a moment to see it.
  void linger() {
    socket_.shut_down_writing();
    std::array<char, 65536> waste;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    while (std::chrono::steady_clock::now() < end &&
           socket_.read_some(waste.data(), waste.size(), std::chrono::seconds(1)) > 0) {
    }
  }

  std::string head_of(int status, const Headers& headers) const {
    std::string head = fmt::format("HTTP/1.1 {} {}\r\n", status, reason(status));
    for (const auto& [name, value] : headers)
      fmt::format_to(std::back_inserter(head), "{}: {}\r\n", name, on_one_line(value));
    if (keep_alive_) {
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(options_.idle_timeout).count();
      fmt::format_to(std::back_inserter(head), "Connection: Keep-Alive\r\nKeep-Alive: timeout={}\r\n",
                     seconds);
    } else {
      head += "Connection: close\r\n";
    }
    return head;
  }

  void send(std::string_view bytes) { socket_.write_all(bytes, options_.write_timeout); }

  Socket& socket_;
  Stream& stream_;
  flat_buffer& buffer_;
  Parser& parser_;
  const Options& options_;
  const Request request_;
  bool keep_alive_;
  const bool chunked_;
  bool owes_continue_;
  bool body_broke_ = false;
  State state_ = State::waiting;
};

// The last thing said on a connection.
void send_plain(Socket& socket, int status, std::string_view text) {
  try {
    socket.write_all(
        fmt::format("HTTP/1.1 {} {}\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Length: {}\r\n"
                    "Connection: close\r\n\r\n{}",
                    status, reason(status), text.size(), text),
        std::chrono::seconds(1));
    socket.shut_down_writing();
  } catch (const Error& error) {
    log::debug("http_client_left", {{"reason", error.what()}});
  }
}

void call(const Server::Handler& handler, Exchange& exchange) {
  std::string problem;
  try {
    handler(exchange);
    if (!exchange.answered()) problem = "the handler gave no answer";
  } catch (const std::exception& error) {
    problem = error.what();
  }
  if (problem.empty()) return;
  log::debug("http_request_failed", {{"path", exchange.request().path}, {"reason", problem}});
  if (!exchange.answered() && !exchange.client_gone()) {
    exchange.respond(500, {{"Content-Type", "text/plain; charset=UTF-8"}}, problem + "\n");
  }
}

}  // namespace

void Connection::run() {
  Stream stream(socket_);
  flat_buffer buffer;
  try {
    Milliseconds patience = options_.first_timeout;
    while (buffer.size() > 0 || socket_.wait_readable(patience)) {
      if (!may_begin_request()) break;
      patience = options_.idle_timeout;
      Parser parser;
      if (!read_head(stream, buffer, parser, options_)) break;
      ConnectionExchange exchange(socket_, stream, buffer, parser, options_, !ending());
      call(handler_, exchange);
      if (!exchange.complete() || !may_go_on()) break;
    }
  } catch (const BadRequest& bad) {
    send_plain(socket_, bad.status, bad.text);
  } catch (const std::exception& error) {
    log::debug("http_connection_ended", {{"reason", error.what()}});
  }
}

bool Connection::may_begin_request() {
  const MutexLock lock(mutex_);
  busy_ = !ending_;
  return busy_;
}

bool Connection::may_go_on() {
  const MutexLock lock(mutex_);
  busy_ = false;
  idle_since_ = std::chrono::steady_clock::now();
  return !ending_;
}

std::optional<std::chrono::steady_clock::time_point> Connection::idle_since() {
  const MutexLock lock(mutex_);
  return busy_ || ending_ ? std::nullopt : std::optional(idle_since_);
}

bool Connection::ending() {
  const MutexLock lock(mutex_);
  return ending_;
}

void Connection::end_when_idle() {
  const MutexLock lock(mutex_);
  ending_ = true;
  if (!busy_) socket_.shut_down_reading();
}

void refuse(Socket socket) {
  send_plain(socket, 503, "Too many connections\n");
}

}  // namespace freshet::http
