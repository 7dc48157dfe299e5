// freshet up, capture, load: the roles of this process, until Ctrl-C.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <set>
#include <thread>
#include <vector>

#include "app/commands.h"
#include "app/first_start.h"
#include "app/line.h"
#include "app/line_status_json.h"
#include "app/log_file.h"
#include "app/start_failure.h"
#include "app/stop_signals.h"
#include "app/supervisor.h"
#include "app/terminal.h"
#include "base/log.h"
#include "base/utf8.h"

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

// Where there is no picture: each stage that has ended for good, once.
void say_what_failed(const LineStatus& status, std::set<std::string>& said) {
  for (const StageLine& stage : status.stages)
    if (stage.state == to_string(StageState::failed) && said.insert(stage.name).second)
      fmt::print(stderr, "freshet: {} has failed: {}\n  -> {}\n", stage.name, printable(stage.error),
                 printable(stage.hint));
}

// Until it is to stop (nothing), or to be put together anew. `was_ready`: data has flowed once.
std::optional<LineOptions> watch_over(Line& line, const DataDir& data, LogFile& log_file,
                                      const StopSignals& signals, const StartFailure& failure,
                                      std::optional<Terminal>& terminal, bool runs_load, bool& was_ready) {
  std::optional<EndpointsFile> endpoints;
  if (runs_load) endpoints.emplace(data.endpoints());  // of another process, else
  std::set<std::string> said;
  while (!signals.wait(kRefreshEvery)) {
    if (auto next = line.take_reload()) return next;
    const LineStatus& status = line.refresh();
    was_ready = was_ready || status.ready.ready;
    // Then the set-up was right, and what comes later is for the status to say.
    if (!was_ready) failure.rethrow_if_any();
    if (endpoints && endpoints->write_once_known(status.endpoints) && terminal)
      say_where(*terminal, status.endpoints);
    if (terminal)
      terminal->show(status);
    else
      say_what_failed(status, said);
    log_file.rotate_if_long();
    if (runs_load) bound_output(data.log());
  }
  return std::nullopt;
}

// What was asked for while a line ran may not come up after all, such as a port that somebody has taken
// meanwhile: then it goes on as it was.
std::unique_ptr<Line> put_together(LineOptions& wanted, const std::optional<LineOptions>& before,
                                   const DataDir& data, const Supervisor::FailureListener& on_failure) try {
  return std::make_unique<Line>(wanted, data, system_clock(), on_failure);
} catch (const Error& error) {
  if (!before) throw;
  log::error("project_not_taken_up", {{"message", error.message()}, {"hint", error.hint()}});
  wanted = *before;
  return std::make_unique<Line>(wanted, data, system_clock(), on_failure);
}

}  // namespace

int run(const RunCommand& command) {
  // Before there are threads: whatever reads the project again finds it so.
  if (!command.kafka.empty()) setenv(kKafkaVariable, command.kafka.c_str(), /*replace=*/1);
  if (!command.clickhouse.empty()) setenv(kClickHouseVariable, command.clickhouse.c_str(), /*replace=*/1);
  const StopSignals signals;
  LineOptions options = line_options(command.project, contract::process_environment());
  options.capture = command.capture;
  options.load = command.load;
  options.give_up_position = command.accept_source;
  if (options.capture) require_sound_source(options, DataDir::seen(command.data));
  const DataDir data(command.data);
  std::vector<files::DirectoryLock> locks;
  for (const Role role : roles_of(command)) {
    locks.push_back(take(data, role));
    files::replace(data.project_note(role), fs::absolute(command.project).string());
  }
  LogFile log_file(data.log() / log_name(command));
  log::info("starting", {{"project", options.project.name}, {"pid", getpid()}});

  std::optional<Terminal> terminal;
  if (!command.quiet) terminal.emplace(system_clock());
  bool was_ready = false;
  std::optional<LineOptions> before;
  std::optional<LineOptions> next = std::move(options);
  while (next) {
    StartFailure failure;
    const std::unique_ptr<Line> line = put_together(
        *next, before, data, [&failure](const std::string&, const Error& error) { failure.note(error); });
    line->start();
    try {
      next = watch_over(*line, data, log_file, signals, failure, terminal, command.load, was_ready);
    } catch (const Error& error) {
      log::error("cannot_start", {{"kind", to_string(error.kind())}, {"message", error.message()}});
      const StopWatchdog watchdog;
      line->stop();
      throw;
    }
    before = line->options();
    before->give_up_position.clear();  // that was for once
    if (terminal) terminal->say(next ? "the project has changed: the stages start anew …" : "stopping …");
    const StopWatchdog watchdog;
    line->stop();
    if (next) log::info("starting_anew", {{"project", next->project.name}});
  }
  log::info("stopped", {});
  return 0;
}

}  // namespace freshet::app
