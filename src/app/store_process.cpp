#include "app/store_process.h"

#include <fmt/format.h>

#include <charconv>

#include "adapter/clickhouse/client.h"
#include "adapter/files/directory.h"
#include "adapter/process/child.h"
#include "base/error.h"
#include "base/log.h"

namespace freshet::app {
namespace {

using namespace std::chrono_literals;

constexpr auto kLookEvery = 50ms;

// The store gets its own passwords, which it takes out of its environment at once, and not the source's.
const std::vector<std::string> kEnvironment{"FRESHET_STORE_PASSWORD",
                                            "FRESHET_STORE_READER_PASSWORD",
                                            "LANG",
                                            "LC_ALL",
                                            "LD_LIBRARY_PATH",
                                            "PATH",
                                            "TMPDIR",
                                            "TZ"};

std::string url_of(std::uint16_t port) {
  return fmt::format("http://127.0.0.1:{}", port);
}

bool answers(std::uint16_t port) {
  try {
    clickhouse::Client(clickhouse::Endpoint(url_of(port))).ping(2s);
    return true;
  } catch (const Error&) {
    return false;
  }
}

std::uint16_t port_in(const std::filesystem::path& file) {
  const std::string text = files::read_whole(file).value_or("");
  std::uint16_t port = 0;
  std::from_chars(text.data(), text.data() + text.size(), port);
  return port;
}

Error died(const StoreOptions& options, const std::string& how) {
  return Error(ErrorKind::transient, fmt::format("freshet-store died: {}", how),
               fmt::format("it is started again; its last words are in {}", options.log.string()));
}

}  // namespace

void StoreProcess::run(std::stop_token stop) {
  const std::filesystem::path port_now = options_.port_file.string() + ".now";
  files::remove(port_now);
  process::Child child({.program = options_.program,
                        .arguments = {"--path", options_.data.string(), "--port", std::to_string(kept_port()),
                                      "--port-file", port_now.string()},
                        .log = options_.log,
                        .folder = options_.data,
                        .environment = kEnvironment});
  log::info("store_started", {{"pid", child.pid()}, {"port", kept_port()}});
  if (wait_until_it_answers(child, port_now, stop)) {
    while (clock_.sleep(kLookEvery, stop))
      if (child.ended()) throw died(options_, *child.ended());
  }
  child.stop(options_.stop_grace);
  log::info("store_stopped", {{"how", child.ended().value_or("")}});
}

bool StoreProcess::wait_until_it_answers(process::Child& child, const std::filesystem::path& port_now,
                                         std::stop_token stop) {
  const Deadline deadline(clock_, options_.start_deadline);
  std::uint16_t port = 0;
  while (port == 0 || !answers(port)) {
    if (child.ended()) {
      if (!url()) files::remove(options_.port_file);  // the port may belong to somebody else now
      throw died(options_, *child.ended());
    }
    if (deadline.passed()) throw Error(ErrorKind::transient, "freshet-store doesn't answer");
    if (!clock_.sleep(kLookEvery, stop)) return false;
    port = port_in(port_now);
  }
  files::replace(options_.port_file, std::to_string(port));
  log::info("store_answers", {{"port", port}});
  const MutexLock lock(mutex_);
  url_ = url_of(port);
  return true;
}

std::optional<std::string> StoreProcess::url() const {
  const MutexLock lock(mutex_);
  return url_;
}

std::uint16_t StoreProcess::kept_port() const {
  return port_in(options_.port_file);
}

}  // namespace freshet::app
