// freshet status: what the running processes of a DATA folder say of themselves.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>

#include "app/commands.h"
#include "app/control.h"
#include "app/data_dir.h"
#include "app/line_status_json.h"
#include "app/line_status_text.h"

namespace freshet::app {
namespace {

constexpr int kReady = 0, kNotReady = 1, kNothingRuns = 3;
constexpr std::size_t kAllLines = 100'000;
constexpr std::chrono::milliseconds kAskEvery{500};

// Of `up`, or of load where the roles run apart; capture alone knows of snapshots and nothing of the rest.
std::optional<std::string> ask_the_line(const DataDir& data) {
  for (const Role role : {Role::load, Role::capture})
    if (auto answer = ask(data.socket(role), "status")) return answer;
  return std::nullopt;
}

// The newest answer: the first one where everything is loaded, or the last one before time is up. Nothing: no
// process answers.
std::optional<std::string> ask_until_loaded(const DataDir& data, std::chrono::seconds limit) {
  const Clock& clock = system_clock();
  const Deadline deadline(clock, limit);
  for (;;) {
    auto answer = ask_the_line(data);
    if (!answer || deadline.passed() || is_loaded(line_status_from_json(*answer))) return answer;
    clock.sleep(kAskEvery, {});
  }
}

void print(const LineStatus& status) {
  const bool color = isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  for (const std::string& line : picture(status, {.color = color, .width = 200, .height = kAllLines}))
    fmt::print("{}\n", line);
}

}  // namespace

int run(const StatusCommand& command) {
  if (!std::filesystem::exists(command.data)) {
    fmt::print(stderr, "freshet: there is no {}: nothing has run there yet\n", command.data.string());
    return kNothingRuns;
  }
  const DataDir data(command.data);
  const auto answer =
      command.until_loaded ? ask_until_loaded(data, *command.until_loaded) : ask_the_line(data);
  if (!answer) {
    fmt::print(stderr, "freshet: nothing runs on {}\n  -> start it with: freshet up PROJECT --data {}\n",
               data.path().string(), data.path().string());
    return kNothingRuns;
  }
  const LineStatus status = line_status_from_json(*answer);
  if (command.json) {
    fmt::print("{}\n", *answer);
  } else {
    print(status);
  }
  const bool good = command.until_loaded ? is_loaded(status) : status.ready.ready;
  return good ? kReady : kNotReady;
}

}  // namespace freshet::app
