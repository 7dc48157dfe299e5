// freshet up, capture, load: the roles of this process, until Ctrl-C.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "app/commands.h"
#include "app/line.h"
#include "app/line_status_json.h"
#include "app/log_file.h"
#include "app/start_failure.h"
#include "app/stop_signals.h"
#include "app/terminal.h"
#include "base/log.h"

namespace freshet::app {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr auto kRefreshEvery = 500ms;
// What is under way (a round, an insert) ends within its own deadline; after that only a bug can be waited
// for, and ending hard is safe: every position is durable.
constexpr auto kStopDeadline = 90s;

std::vector<Role> roles_of(const RunCommand& command) {
  std::vector<Role> roles;
  if (command.capture) roles.push_back(Role::capture);
  if (command.load) roles.push_back(Role::load);
  return roles;
}

std::string log_name(const RunCommand& command) {
  if (command.capture && command.load) return "up.jsonl";
  return command.capture ? "capture.jsonl" : "load.jsonl";
}

// DATA/endpoints.json, there as long as the addresses in it answer.
class EndpointsFile {
 public:
  explicit EndpointsFile(fs::path path) : path_(std::move(path)) { files::remove(path_); }
  EndpointsFile(const EndpointsFile&) = delete;
  EndpointsFile& operator=(const EndpointsFile&) = delete;
  ~EndpointsFile() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }

  // True when it has just been written.
  bool write_once_known(const EndpointLine& endpoints) {
    if (written_ || endpoints.clickhouse.empty()) return false;
    files::replace(path_, to_json(endpoints));
    return written_ = true;
  }

 private:
  const fs::path path_;
  bool written_ = false;
};

class StopWatchdog {
 public:
  StopWatchdog()
      : thread_([](std::stop_token stop) {
          if (!system_clock().sleep(kStopDeadline, stop)) return;
          log::error("stop_took_too_long", {{"seconds", kStopDeadline.count()}});
          _exit(1);
        }) {}

 private:
  std::jthread thread_;
};

void say_where(Terminal& terminal, const EndpointLine& endpoints) {
  terminal.say("status page  " + endpoints.http);
  terminal.say("ClickHouse   " + endpoints.clickhouse);
  terminal.say("PostgreSQL   " + endpoints.postgres);
}

void watch_over(Line& line, const DataDir& data, LogFile& log_file, const StopSignals& signals,
                const StartFailure& failure, std::optional<Terminal>& terminal, bool writes_endpoints) {
  EndpointsFile endpoints(data.endpoints());
  bool was_ready = false;
  while (!signals.wait(kRefreshEvery)) {
    const LineStatus& status = line.refresh();
    was_ready = was_ready || status.ready.ready;
    if (!was_ready) failure.rethrow_if_any();
    if (writes_endpoints && endpoints.write_once_known(status.endpoints) && terminal)
      say_where(*terminal, status.endpoints);
    if (terminal) terminal->show(status);
    log_file.rotate_if_long();
  }
}

}  // namespace

int run(const RunCommand& command) {
  const StopSignals signals;
  LineOptions options = line_options(command.project, contract::process_environment());
  options.capture = command.capture;
  options.load = command.load;
  const DataDir data(command.data);
  std::vector<files::DirectoryLock> locks;
  for (const Role role : roles_of(command)) {
    locks.push_back(take(data, role));
    files::replace(data.project_note(role), fs::absolute(command.project).string());
  }
  LogFile log_file(data.log() / log_name(command));
  log::info("starting", {{"project", options.project.name}, {"pid", getpid()}});

  StartFailure failure;
  std::optional<Terminal> terminal;
  if (!command.quiet) terminal.emplace(system_clock());
  Line line(std::move(options), data, system_clock(),
            [&failure](const std::string&, const Error& error) { failure.note(error); });
  line.start();
  try {
    watch_over(line, data, log_file, signals, failure, terminal, command.load);
  } catch (const Error& error) {
    log::error("cannot_start", {{"kind", to_string(error.kind())}, {"message", error.message()}});
    const StopWatchdog watchdog;
    line.stop();
    throw;
  }
  if (terminal) terminal->say("stopping …");
  const StopWatchdog watchdog;
  line.stop();
  log::info("stopped", {});
  return 0;
}

}  // namespace freshet::app
