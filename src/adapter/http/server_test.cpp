#include "adapter/http/server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <thread>

#include "base/error.h"

namespace freshet::http {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr int kPatienceMs = 10'000;

// A client of bytes: what goes over the wire is written out in each test.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  ~RawClient() { leave(); }

  void leave() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  RawClient& send(std::string_view bytes) {
    EXPECT_EQ(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
    return *this;
  }

  // What arrives until `end` was seen, or until the server closes when `end` is empty.
  std::string receive_until(std::string_view end) {
    while (end.empty() || received_.find(end) == std::string::npos) {
      if (!receive_more()) break;
    }
    const std::size_t at = end.empty() ? std::string::npos : received_.find(end);
    const std::string taken = received_.substr(0, at == std::string::npos ? at : at + end.size());
    received_.erase(0, taken.size());
    return taken;
  }
  std::string receive_all() { return receive_until(""); }
  bool was_reset() const { return reset_; }

 private:
  bool receive_more() {
    pollfd wanted{fd_, POLLIN, 0};
    if (::poll(&wanted, 1, kPatienceMs) != 1) {
      ADD_FAILURE() << "the server sent nothing; so far: " << received_;
      return false;
    }
    char part[4096];
    const ssize_t got = ::recv(fd_, part, sizeof part, 0);
    reset_ = got < 0;
    if (got > 0) received_.append(part, static_cast<std::size_t>(got));
    return got > 0;
  }

  int fd_;
  std::string received_;
  bool reset_ = false;
};

void echo(Exchange& exchange) {
  const Request& request = exchange.request();
  std::string text = request.method + " " + request.path + "\n";
  for (const auto& [name, value] : request.parameters) text += name + "=" + value + "\n";
  text += read_all(exchange, 1 << 20);
  exchange.respond(200, {{"X-Echo", "yes"}}, text);
}

std::string ask(std::uint16_t port, std::string_view request) {
  return RawClient(port).send(request).receive_all();
}

TEST(HttpServer, DecodesPathAndParametersAndAnswers) {
  Server server({}, echo);
  const std::string answer =
      ask(server.port(), "GET /a%20b+c?q=x%26y+z&empty=&flag&q=2 HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\nX-Echo: yes\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\nGET /a b+c\nq=x&y z\nempty=\nflag=\nq=2\n"));
}

TEST(HttpServer, TakesTheAddressAsAProxyDoes) {
  Server server({}, echo);
  EXPECT_THAT(ask(server.port(), "GET http://here:1/a?q=1 HTTP/1.1\r\nConnection: close\r\n\r\n"),
              EndsWith("GET /a\nq=1\n"));
  EXPECT_THAT(ask(server.port(), "GET http://here?q=1 HTTP/1.1\r\nConnection: close\r\n\r\n"),
              EndsWith("GET /\nq=1\n"));
}

TEST(HttpServer, AValueCantBeginAHeaderOfItsOwn) {
  Server server({}, [](Exchange& exchange) {
    exchange.respond(200, {{"X-Id", *exchange.request().parameter("id")}}, "");
  });
  EXPECT_THAT(ask(server.port(), "GET /?id=a%0d%0aX-Evil:%201%00%7f HTTP/1.1\r\nConnection: close\r\n\r\n"),
              HasSubstr("\r\nX-Id: aX-Evil: 1\r\n"));
}

TEST(HttpServer, ABadPercentEscapeIsTheClientsFault) {
  Server server({}, echo);
  EXPECT_THAT(ask(server.port(), "GET /?a=%zz HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
}

TEST(HttpServer, ReadsBodiesOfKnownLengthAndInChunks) {
  Server server({}, echo);
  EXPECT_THAT(ask(server.port(), "POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello"),
              EndsWith("POST /\nhello"));
  EXPECT_THAT(ask(server.port(),
                  "POST / HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "3\r\nhel\r\n2;note=x\r\nlo\r\n0\r\nTrailer: t\r\n\r\n"),
              EndsWith("POST /\nhello"));
}

TEST(HttpServer, KeepsAConnectionForManyRequestsAlsoPipelined) {
  Server server({}, echo);
  RawClient client(server.port());
  client.send("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
  client.receive_until("GET /1\n");
  client.receive_until("GET /2\n");
  client.send("GET /3 HTTP/1.1\r\n\r\n");
  EXPECT_THAT(client.receive_until("GET /3\n"), HasSubstr("Connection: Keep-Alive"));
  EXPECT_EQ(server.connections(), 1u);
}

TEST(HttpServer, AnHttp10ConnectionEndsAfterItsAnswer) {
  Server server({}, echo);
  EXPECT_THAT(ask(server.port(), "GET / HTTP/1.0\r\n\r\n"), HasSubstr("Connection: close"));
}

TEST(HttpServer, StreamsAnAnswerInChunks) {
  Server server({}, [](Exchange& exchange) {
    exchange.begin(200, {});
    exchange.write("first");
    exchange.write("");
    exchange.write("second");
    exchange.finish();
  });
  RawClient client(server.port());
  client.send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_THAT(client.receive_until("0\r\n\r\n"), EndsWith("\r\n\r\n5\r\nfirst\r\n6\r\nsecond\r\n0\r\n\r\n"));
  client.send("HEAD / HTTP/1.1\r\n\r\n");
  EXPECT_THAT(client.receive_until("\r\n\r\n"), HasSubstr("chunked"));
}

TEST(HttpServer, TheHandlerReadsWhileTheClientStillSends) {
  std::promise<std::string> first;
  Server server({}, [&](Exchange& exchange) {
    std::string part(100, '\0');
    part.resize(exchange.read(part));
    first.set_value(part);
    exchange.respond(200, {}, read_all(exchange, 100));
  });
  RawClient client(server.port());
  client.send("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nearly");
  EXPECT_EQ(first.get_future().get(), "early");
  client.send("later");
  client.receive_until("later");
}

TEST(HttpServer, AsksAWaitingClientForItsBody) {
  Server server({}, echo);
  RawClient client(server.port());
  client.send("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(client.receive_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ok");
  EXPECT_THAT(client.receive_until("ok"), HasSubstr("200"));
}

TEST(HttpServer, ABodyLeftUnreadDoesntSpoilTheNextRequest) {
  Server server({}, [](Exchange& exchange) { exchange.respond(403, {}, "no"); });
  RawClient client(server.port());
  const std::string body(300'000, 'x');
  for (int turn = 0; turn < 2; ++turn) {
    client.send("POST / HTTP/1.1\r\nContent-Length: 300000\r\n\r\n").send(body);
    EXPECT_THAT(client.receive_until("no"), StartsWith("HTTP/1.1 403 Forbidden"));
  }
}

TEST(HttpServer, AHandlerThatThrowsIsAnsweredWith500) {
  Server server({}, [](Exchange&) { throw Error(ErrorKind::data, "it broke"); });
  const std::string answer = ask(server.port(), "GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(answer, EndsWith("it broke\n"));
}

TEST(HttpServer, AnAnswerThatBreaksOffIsNotTakenForWhole) {
  Server server({}, [](Exchange& exchange) {
    exchange.begin(200, {});
    exchange.write("half");
    throw Error(ErrorKind::data, "it broke");
  });
  const std::string chunked = ask(server.port(), "GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(chunked.find("0\r\n\r\n"), std::string::npos);
  RawClient old(server.port());
  old.send("GET / HTTP/1.0\r\n\r\n").receive_all();
  EXPECT_TRUE(old.was_reset());
}

TEST(HttpServer, SeesAClientLeaveWhileTheHandlerWorks) {
  std::promise<bool> here;
  std::promise<bool> gone;
  Server server({}, [&](Exchange& exchange) {
    here.set_value(!exchange.client_gone());
    const auto patience = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatienceMs);
    while (!exchange.client_gone() && std::chrono::steady_clock::now() < patience) std::this_thread::yield();
    gone.set_value(exchange.client_gone());
  });
  RawClient client(server.port());
  client.send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(here.get_future().get());
  client.leave();
  EXPECT_TRUE(gone.get_future().get());
}

TEST(HttpServer, AClientThatStallsIsLetGo) {
  Options options;
  options.first_timeout = options.head_timeout = options.body_timeout = Milliseconds(50);
  Server server(options, echo);
  EXPECT_EQ(ask(server.port(), ""), "") << "before its first request";
  EXPECT_EQ(ask(server.port(), "GET / HT"), "") << "in the head";
  EXPECT_THAT(ask(server.port(), "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf"),
              HasSubstr("sent nothing"));
}

TEST(HttpServer, AnIdleClientIsLetGo) {
  Options options;
  options.idle_timeout = Milliseconds(50);
  Server server(options, echo);
  EXPECT_THAT(ask(server.port(), "GET / HTTP/1.1\r\n\r\n"), EndsWith("GET /\n"));
}

TEST(HttpServer, AClientThatTakesNothingIsLetGo) {
  Options options;
  options.write_timeout = Milliseconds(50);
  std::promise<void> broke;
  Server server(options, [&](Exchange& exchange) {
    exchange.begin(200, {});
    try {
      for (const std::string block(1 << 20, 'x');;) exchange.write(block);
    } catch (const Error& error) {
      EXPECT_THAT(error.message(), HasSubstr("took nothing"));
      broke.set_value();
      throw;
    }
  });
  RawClient client(server.port());
  client.send("GET / HTTP/1.1\r\n\r\n");
  broke.get_future().get();
}

TEST(HttpServer, RefusesHeadersBeyondTheirLimit) {
  Options options;
  options.max_head_bytes = 2048;
  Server server(options, echo);
  EXPECT_THAT(ask(server.port(), "GET /" + std::string(4000, 'x') + " HTTP/1.1\r\n\r\n"),
              StartsWith("HTTP/1.1 431 "));
}

TEST(HttpServer, TakesAQueryOfHundredsOfKilobytesInTheUrl) {
  Server server({}, echo);
  const std::string query(500'000, 'x');
  EXPECT_THAT(ask(server.port(), "GET /?query=" + query + " HTTP/1.1\r\nConnection: close\r\n\r\n"),
              HasSubstr(query));
}

TEST(HttpServer, OneConnectionTooManyIsRefusedWhereAllAreAtWork) {
  Options options;
  options.max_connections = 1;
  std::promise<void> working;
  std::promise<void> go_on;
  Server server(options, [&, wait = go_on.get_future().share()](Exchange& exchange) {
    working.set_value();
    wait.wait();
    exchange.respond(200, {}, "done");
  });
  RawClient first(server.port());
  first.send("GET /1 HTTP/1.1\r\n\r\n");
  working.get_future().get();
  EXPECT_THAT(RawClient(server.port()).receive_all(), StartsWith("HTTP/1.1 503 "));
  go_on.set_value();
  EXPECT_THAT(first.receive_until("done"), StartsWith("HTTP/1.1 200 "));
}

// Whoever holds connections without using them shuts nobody out.
TEST(HttpServer, TheConnectionThatIsIdleForLongestMakesRoom) {
  Options options;
  options.max_connections = 2;
  Server server(options, echo);
  RawClient first(server.port());
  first.send("GET /1 HTTP/1.1\r\n\r\n").receive_until("GET /1\n");
  RawClient second(server.port());
  second.send("GET /2 HTTP/1.1\r\n\r\n").receive_until("GET /2\n");
  RawClient third(server.port());
  third.send("GET /3 HTTP/1.1\r\n\r\n");
  EXPECT_THAT(third.receive_until("GET /3\n"), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(first.receive_all(), "") << "closed";
  second.send("GET /4 HTTP/1.1\r\n\r\n");
  EXPECT_THAT(second.receive_until("GET /4\n"), StartsWith("HTTP/1.1 200 "));
}

TEST(HttpServer, AStopLetsTheRequestInWorkFinishAndEndsIdleConnections) {
  std::promise<void> working;
  std::promise<void> go_on;
  Server server({}, [&, wait = go_on.get_future().share()](Exchange& exchange) {
    if (exchange.request().path == "/idle") return exchange.respond(200, {}, "idle");
    working.set_value();
    wait.wait();
    exchange.respond(200, {}, "done");
  });
  RawClient idle(server.port());
  idle.send("GET /idle HTTP/1.1\r\n\r\n").receive_until("\r\n\r\nidle");
  RawClient busy(server.port());
  busy.send("GET / HTTP/1.1\r\n\r\n");
  working.get_future().get();
  std::jthread stopper([&] { server.stop(Milliseconds(kPatienceMs)); });
  EXPECT_EQ(idle.receive_all(), "");
  go_on.set_value();
  EXPECT_THAT(busy.receive_all(), EndsWith("done"));
}

TEST(HttpServer, AStopWithoutGraceBreaksTheRequestInWork) {
  std::promise<void> working;
  std::atomic<bool> saw_it = false;
  auto server = std::make_unique<Server>(Options{}, [&](Exchange& exchange) {
    working.set_value();
    while (!exchange.client_gone()) std::this_thread::yield();
    saw_it = true;
  });
  RawClient client(server->port());
  client.send("GET / HTTP/1.1\r\n\r\n");
  working.get_future().get();
  server.reset();
  EXPECT_TRUE(saw_it);
}

TEST(HttpServer, APortInUseIsAnErrorWithItsNumber) {
  Server first({}, echo);
  Options options;
  options.port = first.port();
  try {
    Server second(options, echo);
    FAIL() << "two servers listen on one port";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::config);
    EXPECT_THAT(error.message(), HasSubstr(std::to_string(first.port())));
  }
}

TEST(HttpHeaders, AListNamesWhatItDoesntRuleOut) {
  EXPECT_TRUE(list_names("gzip, lz4;q=0.5", "LZ4"));
  EXPECT_FALSE(list_names("gzip, lz4;q=0", "lz4"));
  EXPECT_FALSE(list_names("gzip", "zip"));
}

}  // namespace
}  // namespace freshet::http
