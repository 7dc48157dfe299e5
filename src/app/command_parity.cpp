// freshet parity: is every mirror what its source table is? Compares from outside of the running process, so
// that neither can make the other look well; the running process is only asked to read periodic tables now,
// and for a repair the keys that differ.
#include "parity/parity.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <set>
#include <thread>

#include "app/commands.h"
#include "app/control.h"
#include "app/first_start.h"
#include "app/line.h"
#include "app/line_status_json.h"
#include "app/log_file.h"
#include "app/repair_requests.h"
#include "app/running_project.h"
#include "app/start_failure.h"
#include "app/stop_signals.h"
#include "base/log.h"
#include "base/utf8.h"

namespace freshet::app {
namespace {

using namespace std::chrono_literals;

constexpr auto kRefreshEvery = 500ms;
constexpr auto kReadPeriodicEvery = 5s;
constexpr auto kStartDeadline = 120s;
constexpr auto kLoadedDeadline = std::chrono::hours(24);  // of a line that begins with a large snapshot

// The line of this process, run for as long as the comparison takes.
class LineForNow {
 public:
  LineForNow(LineOptions options, const DataDir& data)
      : capture_lock_(take(data, Role::capture)),
        load_lock_(take(data, Role::load)),
        log_(data.log() / "parity.jsonl"),
        line_(std::move(options), data, system_clock(),
              [this](const std::string&, const Error& error) { failure_.note(error); }) {
    line_.start();
    refresher_ = std::jthread([this](std::stop_token stop) {
      do line_.refresh();
      while (system_clock().sleep(kRefreshEvery, stop));
    });
  }

  // Throws what keeps it from ever running.
  void check() const { failure_.rethrow_if_any(); }

 private:
  files::DirectoryLock capture_lock_;
  files::DirectoryLock load_lock_;
  LogFile log_;
  StartFailure failure_;
  Line line_;  // stops at its end
  std::jthread refresher_;
};

std::optional<LineStatus> ask_status(const DataDir& data) {
  const auto answer = ask(data.socket(Role::load), "status");
  if (!answer) return std::nullopt;
  return line_status_from_json(*answer);
}

// What a line that doesn't get on waits for, once for each reason.
class Waiting {
 public:
  void show(const LineStatus& status) {
    for (const StageLine& stage : status.stages) {
      const std::string why = fmt::format("{} {}: {}", stage.name, stage.state, stage.error);
      if (!stage.error.empty() && told_.insert(why).second)
        fmt::print(stderr, "waiting: {}\n  -> {}\n", printable(why), printable(stage.hint));
    }
  }

 private:
  std::set<std::string> told_;
};

// The status as soon as `enough` of it, or Error. `line`: where it is ours.
LineStatus wait_for(const DataDir& data, const StopSignals& signals, std::chrono::seconds limit,
                    bool (*enough)(const LineStatus&), const LineForNow* line = nullptr) {
  const Deadline deadline(system_clock(), limit);
  Waiting waiting;
  while (!deadline.passed()) {
    if (line != nullptr) line->check();
    if (auto status = ask_status(data)) {
      if (enough(*status)) return *std::move(status);
      waiting.show(*status);
    }
    if (signals.wait(kRefreshEvery)) throw Error(ErrorKind::cancelled, "interrupted");
  }
  throw Error(ErrorKind::transient, "the line didn't come up in time", "see `freshet status` and DATA/log");
}

bool knows_clickhouse(const LineStatus& status) {
  return !status.endpoints.clickhouse.empty();
}

// A periodic table can be judged only by a snapshot that began after its source was read.
void keep_periodic_fresh(const DataDir& data, std::stop_token stop) {
  do {
    try {
      // Where the roles run apart capture has a socket of its own.
      if (!ask(data.socket(Role::capture), "read_periodic")) ask(data.socket(Role::load), "read_periodic");
    } catch (const Error&) {  // then their own interval has to do
      return;
    }
  } while (system_clock().sleep(kReadPeriodicEvery, stop));
}

void show_progress(const parity::TableReport& table) {
  if (isatty(STDERR_FILENO) != 1) return;
  fmt::print(stderr, "\r\x1b[K{}  {} rows, {} windows", printable(table.table), table.source_rows,
             table.windows);
  std::fflush(stderr);
}

}  // namespace

int run(const ParityCommand& command) {
  const StopSignals signals;
  const DataDir data(command.data);
  LineOptions options = line_options(project_of(command.project, data), environment_for(data));
  const std::vector<contract::StreamContract> contracts = options.contracts;

  std::optional<LineForNow> line;
  const bool running = is_taken(data, Role::load);
  if (!running) require_sound_source(options, data);
  if (!running) line.emplace(options, data);
  const LineStatus status = running ? wait_for(data, signals, kStartDeadline, knows_clickhouse)
                                    : wait_for(data, signals, kLoadedDeadline, is_loaded, &*line);
  const clickhouse::Endpoint endpoint =
      options.clickhouse ? *options.clickhouse : clickhouse::Endpoint(status.endpoints.clickhouse);

  std::stop_source interrupted;
  std::jthread interrupter([&](std::stop_token done) {
    while (!done.stop_requested())
      if (signals.wait(kRefreshEvery)) interrupted.request_stop();
  });
  std::jthread periodic([&](std::stop_token stop) { keep_periodic_fresh(data, stop); });
  parity::Repair repair = repair_through(command.data);
  repair.ask_above = options.project.limits.sweep_ask_above;
  repair.removals_allowed = command.removals_allowed;
  const parity::Report report = parity::compare({.source_url = options.source,
                                                 .only_table = command.table,
                                                 .repair = command.repair ? &repair : nullptr},
                                                contracts, endpoint, show_progress, interrupted.get_token());
  if (isatty(STDERR_FILENO) == 1) fmt::print(stderr, "\r\x1b[K");
  fmt::print("{}\n", command.json ? parity::to_json(report) : parity::to_text(report));
  return report.exit_status();
}

}  // namespace freshet::app
