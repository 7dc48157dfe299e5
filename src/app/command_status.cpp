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

// Of `up`, or of load where the roles run apart; capture alone knows of snapshots and nothing of the rest.
std::optional<std::string> ask_the_line(const DataDir& data) {
  for (const Role role : {Role::load, Role::capture})
    if (auto answer = ask(data.socket(role), "status")) return answer;
  return std::nullopt;
}

}  // namespace

int run(const StatusCommand& command) {
  if (!std::filesystem::exists(command.data)) {
    fmt::print(stderr, "freshet: there is no {}: nothing has run there yet\n", command.data.string());
    return kNothingRuns;
  }
  const DataDir data(command.data);
  const std::optional<std::string> answer = ask_the_line(data);
  if (!answer) {
    fmt::print(stderr, "freshet: nothing runs on {}\n  -> start it with: freshet up PROJECT --data {}\n",
               data.path().string(), data.path().string());
    return kNothingRuns;
  }
  const LineStatus status = line_status_from_json(*answer);
  if (command.json) {
    fmt::print("{}\n", *answer);
  } else {
    const bool colour = isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
    for (const std::string& line : picture(status, {.color = colour, .width = 200, .height = kAllLines}))
      fmt::print("{}\n", line);
  }
  return status.ready.ready ? kReady : kNotReady;
}

}  // namespace freshet::app
