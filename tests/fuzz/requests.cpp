// The bytes are what a client sends to the store over one connection. They go through the real connection,
// and each request as far as it goes without the engine: credentials, parameters, the unpacked body, the
// statement's text, what it may not hold. Refusals are ClickHouse's errors; an answer leaves as HTTP.
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "adapter/http/connection.h"
#include "base/check.h"
#include "base/log.h"
#include "fuzz/statement_checks.h"
#include "fuzz/targets.h"
#include "store/access.h"
#include "store/clickhouse_error.h"
#include "store/compression.h"
#include "store/query_request.h"
#include "store/query_text.h"

namespace freshet::fuzz {
namespace {

using namespace store;

// What a socket takes without somebody reading on the other side.
constexpr std::size_t kInputMax = 64u << 10;
// More of a body than this says nothing new: a few bytes may unpack to a gigabyte, in steps.
constexpr std::size_t kBodyMax = 1u << 20;

void check_credentials(const http::Request& request) {
  const Passwords passwords{"secret", "read"};
  const User user = authenticate(request, passwords);
  bool known = false;
  for (const auto& pairs : {request.headers, request.parameters})
    for (const auto& [name, value] : pairs)
      known |= value.find(user == User::owner ? "secret" : "read") != value.npos;
  // Only who knows the password; Basic authentication has it in base64.
  CHECK(known || request.header("Authorization") != nullptr);
}

// Everybody may ask, so that the fuzzer gets beyond the door; who knows a password is looked at, too.
void authenticate_both(const http::Request& request) {
  try {
    check_credentials(request);
  } catch (const ClickHouseError& error) {
    CHECK(error.code() == code::kAuthenticationFailed);
  }
  check_roles(authenticate(request, {"", ""}), {});
}

std::string read_rest(Body& body) {
  std::string rest;
  std::array<char, 4096> part;
  for (std::size_t got = 1; got > 0 && rest.size() < kBodyMax; rest.append(part.data(), got)) {
    got = body.read(part);
    CHECK(got <= part.size());
  }
  return rest;
}

// Packed and unpacked again; the bytes themselves choose the coding.
void comes_back(std::string_view bytes) {
  const auto coding = static_cast<Coding>(bytes.size() % 5);
  std::string packed;
  const auto encoder = make_encoder(coding);
  encoder->write(bytes, packed);
  encoder->finish(packed);
  const auto decoder = make_decoder(coding);
  std::string unpacked;
  std::array<char, 1000> part;
  std::string_view in = packed;
  for (std::size_t made = 1; made > 0 || !in.empty(); unpacked.append(part.data(), made))
    made = decoder->read(in, part);
  decoder->end();
  CHECK(unpacked == bytes);
}

void take(http::Exchange& exchange) {
  authenticate_both(exchange.request());
  const QueryRequest request = read_query_request(exchange.request());
  CHECK(!request.query_id.empty());
  Body body(exchange);
  const QueryText text = read_text(request.query, body);
  CHECK(text.sql.starts_with(request.query));
  if (text.insert) {
    CHECK(text.sql.ends_with(data_in(text)) || data_in(text).empty());
    check_statement(text.insert->sql);
    comes_back(read_rest(body));
  } else {
    check_statement(text.sql);
  }
  check_insert_head(text.sql);
}

void handle(http::Exchange& exchange) {
  int status = 200;
  std::string answer;
  try {
    take(exchange);
  } catch (const ClickHouseError& error) {
    status = http_status(error.code());
    answer = error.text("0");
    CHECK(answer.ends_with('\n'));
  }
  // Whatever the client said may be in the answer's headers; it can't add one there.
  const std::string* id = exchange.request().parameter("query_id");
  exchange.respond(status, {{"X-ClickHouse-Query-Id", id == nullptr ? "" : *id}}, answer);
}

// One byte after the other until the end; what doesn't fit in the socket is cut off.
void send(int descriptor, std::string_view bytes) {
  bytes = bytes.substr(0, kInputMax);
  while (!bytes.empty()) {
    const ssize_t sent = ::send(descriptor, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent <= 0) break;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  ::shutdown(descriptor, SHUT_WR);
}

std::string receive(int descriptor) {
  std::string all;
  std::array<char, 4096> part;
  for (;;) {
    const ssize_t got = ::recv(descriptor, part.data(), part.size(), MSG_DONTWAIT);
    if (got <= 0) return all;
    all.append(part.data(), static_cast<std::size_t>(got));
  }
}

// All that is between an answer's status line and its body was written by us.
void check_answer(std::string_view answer) {
  if (answer.empty()) return;  // the client sent nothing that begins a request
  CHECK(answer.starts_with("HTTP/1.1 "));
  const std::string_view head = answer.substr(0, answer.find("\r\n\r\n"));
  CHECK(head.size() < answer.size());
  CHECK(head.find('\0') == head.npos);
}

}  // namespace

void requests(std::string_view bytes) {
  log::configure(log::Level::error, STDERR_FILENO);
  std::array<int, 2> ends{};
  CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
  const http::Descriptor client(ends[0]);
  static const http::Options options{.max_head_bytes = 32u << 10, .write_timeout = http::Milliseconds(0)};
  static const http::Server::Handler handler = handle;
  {
    http::Connection connection(http::Socket(http::Descriptor(ends[1])), options, handler);
    send(client.get(), bytes);
    connection.run();
  }
  check_answer(receive(client.get()));
}

}  // namespace freshet::fuzz
