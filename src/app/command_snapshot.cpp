// freshet snapshot: has the running process read tables again from their beginning.
#include <fmt/format.h>

#include "app/commands.h"
#include "app/control.h"
#include "app/data_dir.h"
#include "app/line_control.h"
#include "app/table_names.h"
#include "base/shell_word.h"
#include "base/utf8.h"

namespace freshet::app {

int run(const SnapshotCommand& command) {
  const std::string streams = ask_capture(command.data, "snapshot", to_json(command.tables));
  for (const std::string& stream : names_from_json(streams))
    fmt::print("{} is read again, beside its changes; all others stream on\n", printable(stream));
  // A stream that stopped gives way to the new reading.
  if (!ask(DataDir(command.data).socket(Role::load), "read_anew", streams))
    fmt::print("load doesn't run: should a stream have stopped, ask again when it does\n");
  fmt::print("  -> how far it is: freshet status --data {}\n", shell_word(command.data.string()));
  return 0;
}

}  // namespace freshet::app
