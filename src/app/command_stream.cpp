// freshet stream: how each stream stands, and having one stand or go on.
#include <fmt/format.h>

#include "app/commands.h"
#include "app/line_control.h"
#include "app/line_status_json.h"
#include "app/line_status_text.h"
#include "app/table_names.h"
#include "base/shell_word.h"
#include "base/utf8.h"

namespace freshet::app {
namespace {

int list(const StreamCommand& command) {
  const LineStatus status = line_status_from_json(ask_load(command.data, "status", "null"));
  for (const StreamLine& stream : status.streams) {
    fmt::print("{:<40} {:<12} lag {}\n", printable(stream.name), stream.state,
               stream.lag_seconds ? lag_text(stream.lag_seconds) + " s" : lag_text(stream.lag_seconds));
    if (!stream.error.empty()) fmt::print("    {}\n", printable(stream.error));
    if (!stream.hint.empty()) fmt::print("    -> {}\n", printable(stream.hint));
  }
  return 0;
}

}  // namespace

int run(const StreamCommand& command) {
  if (command.does == StreamCommand::Does::list) return list(command);
  if (command.does == StreamCommand::Does::add || command.does == StreamCommand::Does::remove)
    return edit(command);
  const bool pauses = command.does == StreamCommand::Does::pause;
  const std::string done =
      ask_load(command.data, pauses ? "stream_pause" : "stream_resume", to_json(command.streams));
  for (const std::string& stream : names_from_json(done))
    fmt::print("{} {}\n", printable(stream),
               pauses ? "stands; to have it go on: freshet stream resume " + shell_word(printable(stream))
                      : "goes on");
  return 0;
}

}  // namespace freshet::app
