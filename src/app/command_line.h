// What the user asked for, as values. The one file that knows CLI11 is command_line.cpp.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace freshet::app {

inline constexpr const char* kDefaultData = ".freshet";

inline constexpr int kWrongUsage = 64;  // as sysexits.h has it: apart from what commands themselves end with

// up, capture and load: the roles in this process.
struct RunCommand {
  std::filesystem::path project;
  std::filesystem::path data = kDefaultData;
  bool capture = true;
  bool load = true;
  bool quiet = false;  // no progress
};

struct InitCommand {
  std::filesystem::path dir;
  std::string source;  // a URL; empty: FRESHET_SOURCE_URL, now and for the project
  std::string name;    // of the project; empty: the folder's
  std::string publication = "freshet";
  std::string slot = "freshet";
  std::vector<std::string> schemas;
  bool create_publication = false;
};

struct StatusCommand {
  std::filesystem::path data = kDefaultData;
  bool json = false;
  std::optional<std::chrono::seconds> until_loaded;  // wait for that, at most so long
};

struct ParityCommand {
  std::filesystem::path project;  // empty: the one that runs, or ran, on `data`
  std::filesystem::path data = kDefaultData;
  std::string table;  // "schema.table"; empty: all
  bool json = false;
};

struct VersionCommand {};

using Command = std::variant<RunCommand, InitCommand, StatusCommand, ParityCommand, VersionCommand>;

struct CommandLine {
  std::optional<Command> command;  // nothing: end with `exit_status`, all is said
  int exit_status = 0;
};

// Prints help and complaints itself.
CommandLine parse_command_line(int argc, char** argv);

}  // namespace freshet::app
