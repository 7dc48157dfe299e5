#include "store/watched_call.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "adapter/http/socket.h"
#include "base/error.h"
#include "base/log.h"

namespace freshet::store {
namespace {

constexpr std::size_t kPipeBytes = 1u << 20;
constexpr std::size_t kTakeBytes = 256u << 10;
// How soon a client's leaving is seen, at the latest.
constexpr int kLookMs = 50;
// A KILL that came before the engine had begun the query finds nothing; so it is repeated.
constexpr std::chrono::seconds kKillAgain{1};

using http::Descriptor;

struct Pipe {
  Descriptor read;
  Descriptor write;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw Error(ErrorKind::capacity, std::string("can't make a pipe for a result: ") + std::strerror(errno));
  }
  ::fcntl(ends[0], F_SETPIPE_SZ, static_cast<int>(kPipeBytes));
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

class Killer {
 public:
  explicit Killer(const std::function<void()>& kill) : kill_(kill) {}
  void press() {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return;
    next_ = now + kKillAgain;
    kill_();
  }

 private:
  const std::function<void()>& kill_;
  std::chrono::steady_clock::time_point next_{};
};

// Takes what the pipe holds. False when it was empty.
bool drain(int pipe, std::string& buffer, auto&& take) {
  const ssize_t got = ::read(pipe, buffer.data(), buffer.size());
  if (got <= 0) return false;
  take(std::string_view(buffer).substr(0, static_cast<std::size_t>(got)));
  return true;
}

}  // namespace

WatchedCall::WatchedCall(std::function<Statistics()> statement)
    : ended_(::eventfd(0, EFD_CLOEXEC)), thread_([this, statement = std::move(statement)] {
        try {
          statistics_ = statement();
        } catch (...) {
          failure_ = std::current_exception();
        }
        ::eventfd_write(ended_, 1);
      }) {}

WatchedCall::~WatchedCall() {
  if (thread_.joinable()) thread_.join();
  ::close(ended_);
}

Statistics WatchedCall::statistics() {
  thread_.join();
  if (failure_) std::rethrow_exception(failure_);
  return statistics_;
}

Statistics wait_watching(WatchedCall& call, const http::Exchange& exchange,
                         const std::function<void()>& on_gone) {
  Killer killer(on_gone);
  pollfd ended{call.ended_fd(), POLLIN, 0};
  while (::poll(&ended, 1, kLookMs) <= 0) {
    if (exchange.client_gone()) killer.press();
  }
  return call.statistics();
}

Statistics run_rows(const RowsCall& call, const http::Exchange& exchange,
                    const std::function<void(std::string_view)>& take, const std::function<void()>& kill) {
  const Pipe pipe = make_pipe();
  WatchedCall statement([&] {
    const std::string sql = fmt::format("{}\nINTO OUTFILE '/dev/fd/{}' APPEND FORMAT {}{}", call.sql,
                                        pipe.write.get(), call.format, call.settings_clause);
    return call.connection.query(sql, call.format, call.parameters).statistics();
  });

  Killer killer(kill);
  std::exception_ptr failure;
  std::string buffer(kTakeBytes, '\0');
  const auto take_or_kill = [&](std::string_view bytes) {
    if (failure) return;  // nobody wants it; but an unread pipe would hold the engine
    try {
      take(bytes);
    } catch (...) {
      failure = std::current_exception();
    }
  };
  std::array<pollfd, 2> wanted{pollfd{pipe.read.get(), POLLIN, 0}, pollfd{statement.ended_fd(), POLLIN, 0}};
  while (wanted[1].revents == 0) {
    ::poll(wanted.data(), wanted.size(), kLookMs);
    drain(pipe.read.get(), buffer, take_or_kill);
    if (failure || exchange.client_gone()) killer.press();
  }
  while (drain(pipe.read.get(), buffer, take_or_kill)) {
  }
  // The client's leaving is the cause; what the engine says about its killed query isn't.
  if (failure) {
    try {
      statement.statistics();
    } catch (const ClickHouseError& error) {
      log::debug("store_query_ended_with_its_client", {{"reason", error.what()}});
    }
    std::rethrow_exception(failure);
  }
  return statement.statistics();
}

}  // namespace freshet::store
