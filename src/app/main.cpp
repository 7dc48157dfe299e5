// The freshet executable: what the user asked for, and the only top-level catch.
#include <fmt/format.h>
#include <signal.h>

#include <cstdio>
#include <exception>
#include <variant>

#include "app/commands.h"
#include "app/error_policy.h"
#include "base/error.h"
#include "base/utf8.h"

namespace freshet::app {
namespace {

constexpr int kFailed = 1;
constexpr int kNotLooked = 3;  // of commands for which 1 is a finding

bool tells_findings(const Command& command) {
  return std::holds_alternative<ParityCommand>(command) || std::holds_alternative<DoctorCommand>(command) ||
         std::holds_alternative<ContractDiffCommand>(command);
}

// A stage is tried again by its supervisor; a command ends here.
std::string next_step(const Error& error) {
  const bool would_be_repeated = error.hint().empty() && error.may_pass();
  return would_be_repeated ? "is it up, and within reach from here? then run the command again"
                           : hint_of(error);
}

void complain(const Error& error) {
  fmt::print(stderr, "freshet: {}\n  -> {}\n", printable(error.message()), printable(next_step(error)));
}

int run_command(const Command& command) try {
  return std::visit([](const auto& one) { return run(one); }, command);
} catch (const Error& error) {
  complain(error);
  return tells_findings(command) ? kNotLooked : kFailed;
}

int run_command_line(int argc, char** argv) try {
  const CommandLine line = parse_command_line(argc, argv);
  return line.command ? run_command(*line.command) : line.exit_status;
} catch (const std::exception& unexpected) {
  complain(Error(ErrorKind::unsupported, std::string("unexpected: ") + unexpected.what(),
                 "this is a bug in Freshet: please report it"));
  return kFailed;
}

}  // namespace
}  // namespace freshet::app

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);  // a peer that leaves is an error of that call
  return freshet::app::run_command_line(argc, argv);
}
