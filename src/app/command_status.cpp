// freshet status: what the running processes of a DATA folder say of themselves.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>

#include "app/commands.h"
#include "app/data_dir.h"
#include "app/line_status_json.h"
#include "app/line_status_text.h"
#include "app/running_project.h"
#include "base/shell_word.h"
#include "base/utf8.h"

namespace freshet::app {
namespace {

constexpr int kReady = 0, kNotReady = 1, kNothingRuns = 3;
constexpr std::size_t kAll = 100'000;  // lines, and columns: nothing is redrawn here, so nothing is cut
constexpr std::chrono::milliseconds kAskEvery{500};

// The newest answer: the first one where everything is loaded or nothing more will be, or the last one before
// time is up. Nothing: no process answers.
std::optional<LineStatus> ask_until_loaded(const DataDir& data, std::chrono::seconds limit) {
  const Clock& clock = system_clock();
  const Deadline deadline(clock, limit);
  for (;;) {
    auto answer = ask_the_line(data);
    if (!answer || deadline.passed() || is_loaded(*answer) || has_failed(*answer)) return answer;
    clock.sleep(kAskEvery, {});
  }
}

void print(const LineStatus& status) {
  const bool color = isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  for (const std::string& line : picture(status, {.color = color, .width = kAll, .height = kAll}))
    fmt::print("{}\n", line);
}

}  // namespace

int run(const StatusCommand& command) {
  if (!std::filesystem::exists(command.data)) {
    fmt::print(stderr, "freshet: there is no {}: nothing has run there yet\n", command.data.string());
    return kNothingRuns;
  }
  const DataDir data(command.data);
  const std::optional<LineStatus> answer =
      command.until_loaded ? ask_until_loaded(data, *command.until_loaded) : ask_the_line(data);
  if (!answer) {
    fmt::print(stderr, "freshet: nothing runs on {}\n  -> start it with: freshet up PROJECT --data {}\n",
               data.path().string(), shell_word(data.path().string()));
    return kNothingRuns;
  }
  const LineStatus& status = *answer;
  if (command.json) {
    fmt::print("{}\n", to_json(status));
  } else {
    print(status);
  }
  if (!command.until_loaded) return status.ready.ready ? kReady : kNotReady;
  const std::string why_not = not_loaded_because(status);
  if (!why_not.empty()) fmt::print(stderr, "freshet: not loaded: {}\n", printable(why_not));
  return why_not.empty() ? kReady : kNotReady;
}

}  // namespace freshet::app
