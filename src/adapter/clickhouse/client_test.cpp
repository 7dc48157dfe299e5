#include "adapter/clickhouse/client.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <mutex>
#include <thread>

#include "base/check.h"

namespace freshet::clickhouse {
namespace {

using std::chrono::milliseconds;

// What a scripted server does after it has read a request.
struct Answer {
  std::string bytes;
  enum class Then { keep, close, hang } then = Then::keep;
};

std::string ok(std::string_view body, std::string_view headers = "") {
  return fmt::format("HTTP/1.1 200 OK\r\n{}Content-Length: {}\r\n\r\n{}", headers, body.size(), body);
}

// One HTTP answer per request, in the order of the script, on a loopback port of its own. Hangs on until it
// is destroyed.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::vector<Answer> script) : script_(std::move(script)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    CHECK(listener_ >= 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_, 4), 0);
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
  }
  ~ScriptedServer() {
    thread_.request_stop();
    thread_.join();
    ::close(listener_);
  }

  Client client(Limits limits = {}) const {
    return Client(Endpoint(fmt::format("http://127.0.0.1:{}", port_), {"ann", "s3cret"}), limits);
  }
  std::vector<std::string> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  int connections() {
    const std::lock_guard lock(mutex_);
    return connections_;
  }

 private:
  static bool readable(int fd, const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      pollfd waiting = {fd, POLLIN, 0};
      if (::poll(&waiting, 1, 20) > 0) return true;
    }
    return false;
  }

  void serve(const std::stop_token& stop) {
    while (readable(listener_, stop)) {
      const int fd = ::accept(listener_, nullptr, nullptr);
      {
        const std::lock_guard lock(mutex_);
        ++connections_;
      }
      while (read_request(fd, stop) && answer(fd, stop)) {
      }
      ::close(fd);
    }
  }

  bool read_request(int fd, const std::stop_token& stop) {
    std::string request;
    char buffer[65536];
    while (!whole(request)) {
      if (!readable(fd, stop)) return false;
      const ssize_t n = ::read(fd, buffer, sizeof buffer);
      if (n <= 0) return false;
      request.append(buffer, static_cast<std::size_t>(n));
    }
    const std::lock_guard lock(mutex_);
    requests_.push_back(std::move(request));
    return true;
  }

  static bool whole(const std::string& request) {
    const std::size_t head = request.find("\r\n\r\n");
    if (head == std::string::npos) return false;
    const std::size_t length = request.find("Content-Length: ");
    const std::size_t body = length == std::string::npos ? 0 : std::stoul(request.substr(length + 16));
    return request.size() >= head + 4 + body;
  }

  bool answer(int fd, const std::stop_token& stop) {
    if (next_ == script_.size()) return false;
    const Answer& answer = script_[next_++];
    EXPECT_EQ(::send(fd, answer.bytes.data(), answer.bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(answer.bytes.size()));
    if (answer.then == Answer::Then::hang) readable(fd, stop);
    return answer.then == Answer::Then::keep;
  }

  std::vector<Answer> script_;
  std::size_t next_ = 0;
  int listener_ = -1;
  int port_ = 0;
  std::mutex mutex_;
  std::vector<std::string> requests_;
  int connections_ = 0;
  std::jthread thread_;
};

ErrorKind kind_of_failure(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.kind();
  }
  ADD_FAILURE() << "the call didn't fail";
  return ErrorKind::unsupported;
}

TEST(Client, SendsSecretsInHeadersAndEverythingElseInTheUrl) {
  ScriptedServer server(
      {{ok("", "X-ClickHouse-Summary: {\"read_rows\":\"3\",\"written_rows\":\"12\"}\r\n")}});
  Client client = server.client();
  const Summary summary = client.insert(
      "INSERT INTO t FORMAT Native", "body", Encoding::none,
      {.params = {text_param("p", "a\tb&c")}, .settings = {{"async_insert", "0"}}, .query_id = "my id"});
  EXPECT_EQ(summary.written_rows, 12u);
  EXPECT_EQ(summary.query_id, "my id");
  const std::string request = server.requests().at(0);
  const std::string url = request.substr(0, request.find("\r\n"));
  EXPECT_EQ(
      url,
      "POST /?query_id=my%20id&async_insert=0&param_p=a%5Ctb%26c&query=INSERT%20INTO%20t%20FORMAT%20Native "
      "HTTP/1.1");
  EXPECT_NE(request.find("X-ClickHouse-User: ann\r\nX-ClickHouse-Key: s3cret\r\n"), std::string::npos);
  EXPECT_TRUE(request.ends_with("\r\n\r\nbody"));
}

TEST(Client, KeepsItsConnectionBetweenCalls) {
  ScriptedServer server({{ok("1\n")}, {ok("2\n")}});
  Client client = server.client();
  EXPECT_EQ(client.value("SELECT 1"), "1");
  EXPECT_EQ(client.value("SELECT 2"), "2");
  EXPECT_EQ(server.connections(), 1);
}

TEST(Client, NobodyThereIsTransient) {
  std::optional<Client> client;
  {
    ScriptedServer server({});
    client = server.client();
  }
  EXPECT_EQ(kind_of_failure([&] { client->insert("INSERT", "x"); }), ErrorKind::transient);
}

TEST(Client, ALostAnswerLeavesAnInsertInDoubtAndASelectTransient) {
  ScriptedServer server({{"", Answer::Then::close}, {"", Answer::Then::close}, {"", Answer::Then::close}});
  Client client = server.client();
  EXPECT_EQ(kind_of_failure([&] { client.insert("INSERT", "x"); }), ErrorKind::in_doubt);
  EXPECT_EQ(kind_of_failure([&] { client.execute("ALTER"); }), ErrorKind::in_doubt);
  EXPECT_EQ(kind_of_failure([&] { client.select("SELECT"); }), ErrorKind::transient);
}

TEST(Client, NeverRepeatsARequestOnAnotherConnectionByItself) {
  ScriptedServer server({{ok("")}, {"", Answer::Then::close}, {ok("")}});
  Client client = server.client();
  client.insert("INSERT", "x");
  EXPECT_EQ(kind_of_failure([&] { client.insert("INSERT", "x"); }), ErrorKind::in_doubt);
  EXPECT_EQ(server.requests().size(), 2u);
}

TEST(Client, ADeadlineEndsACallThatIsNeverAnswered) {
  ScriptedServer server({{"", Answer::Then::hang}});
  Client client = server.client({.call = milliseconds(100)});
  EXPECT_EQ(kind_of_failure([&] { client.execute("SELECT sleep(3)"); }), ErrorKind::in_doubt);
}

TEST(Client, AnAnswerThatIsCutIsNoAnswer) {
  ScriptedServer server({{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n1\n", Answer::Then::close}});
  Client client = server.client();
  EXPECT_EQ(kind_of_failure([&] { client.rows("SELECT 1"); }), ErrorKind::transient);
}

TEST(Client, AStopTokenEndsACall) {
  ScriptedServer server({{"", Answer::Then::hang}});
  Client client = server.client();
  std::stop_source source;
  source.request_stop();
  EXPECT_EQ(kind_of_failure([&] { client.execute("SELECT 1", {.stop = source.get_token()}); }),
            ErrorKind::cancelled);
}

TEST(Client, ReportsTheServersOwnException) {
  const std::string text = "Code: 60. DB::Exception: Table raw.orders doesn't exist. (UNKNOWN_TABLE)\n";
  ScriptedServer server(
      {{fmt::format("HTTP/1.1 404 Not Found\r\nX-ClickHouse-Exception-Code: 60\r\n"
                    "Content-Length: {}\r\n\r\n{}",
                    text.size(), text)}});
  Client client = server.client();
  try {
    client.execute("DROP TABLE raw.orders");
    FAIL();
  } catch (const ServerError& error) {
    EXPECT_EQ(error.code(), 60);
    EXPECT_EQ(error.kind(), ErrorKind::schema);
    EXPECT_EQ(error.text() + "\n", text);
    EXPECT_NE(error.message().find("DROP TABLE raw.orders"), std::string::npos);
  }
}

TEST(Client, RecognisesAnExceptionInTheMiddleOfAnAnswer) {
  const std::string body =
      "1\n2\n\r\n__exception__\r\nabcdefghijklmnop\r\nCode: 241. DB::Exception: too much\n33 "
      "abcdefghijklmnop\r\n__exception__\r\n";
  ScriptedServer server({{ok(body, "X-ClickHouse-Exception-Tag: abcdefghijklmnop\r\n")}});
  Client client = server.client();
  std::string seen;
  EXPECT_EQ(kind_of_failure([&] { client.select("SELECT", [&](std::string_view bytes) { seen += bytes; }); }),
            ErrorKind::capacity);
  EXPECT_EQ(seen, "1\n2\n");
}

TEST(Client, AProxysErrorPageIsNotClickHouse) {
  ScriptedServer server({{"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy"}});
  Client client = server.client();
  EXPECT_EQ(kind_of_failure([&] { client.execute("SELECT 1"); }), ErrorKind::transient);
}

TEST(Client, WhatASinkThrowsReachesTheCaller) {
  ScriptedServer server({{ok("1\n")}});
  Client client = server.client();
  EXPECT_THROW(client.select("SELECT 1", [](std::string_view) { throw std::runtime_error("no more"); }),
               std::runtime_error);
}

TEST(Client, AnAnswerLargerThanItsLimitIsRefused) {
  ScriptedServer server({{ok("123456789\n")}});
  Client client = server.client({.text_bytes_max = 5});
  EXPECT_EQ(kind_of_failure([&] { client.rows("SELECT 1"); }), ErrorKind::capacity);
}

}  // namespace
}  // namespace freshet::clickhouse
