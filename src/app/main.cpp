// The freshet executable: what the user asked for, and the only top-level catch.
#include <fmt/format.h>
#include <signal.h>

#include <cstdio>
#include <exception>
#include <variant>

#include "app/commands.h"
#include "app/error_policy.h"
#include "base/error.h"

namespace freshet::app {
namespace {

int complain(const Error& error) {
  fmt::print(stderr, "freshet: {}\n  -> {}\n", error.message(), hint_of(error));
  return 1;
}

int run_command_line(int argc, char** argv) try {
  const CommandLine line = parse_command_line(argc, argv);
  if (!line.command) return line.exit_status;
  return std::visit([](const auto& command) { return run(command); }, *line.command);
} catch (const Error& error) {
  return complain(error);
} catch (const std::exception& unexpected) {
  return complain(Error(ErrorKind::unsupported, std::string("unexpected: ") + unexpected.what(),
                        "this is a bug in Freshet: please report it"));
}

}  // namespace
}  // namespace freshet::app

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);  // a peer that leaves is an error of that call
  return freshet::app::run_command_line(argc, argv);
}
