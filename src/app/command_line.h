// What the user asked for, as values. The one file that knows CLI11 is command_line.cpp.
#pragma once

#include <chrono>
#include <cstdint>
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
  bool quiet = false;         // no progress
  std::string kafka;          // brokers, in the project's place; empty: as it says
  std::string clickhouse;     // likewise a URL
  std::string accept_source;  // the position that the source may take the place of; empty: none
};

struct InitCommand {
  std::filesystem::path dir;
  std::string source;  // a URL; empty: FRESHET_SOURCE_URL, now and for the project
  std::string name;    // of the project; empty: the folder's
  std::string publication = "freshet";
  std::string slot;  // empty: one that is free
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
  bool repair = false;
  bool removals_allowed = false;  // also many rows may go from a mirror
  bool json = false;
};

// Tables to be read again, as the user names them.
struct SnapshotCommand {
  std::filesystem::path data = kDefaultData;
  std::vector<std::string> tables;
};

struct QuarantineCommand {
  enum class Does { list, show, replay, drop };
  Does does = Does::list;
  std::filesystem::path data = kDefaultData;
  std::vector<std::string> streams;  // list, replay; empty: all
  std::string stream;                // show, drop
  std::vector<std::string> ids;      // show: one; drop: empty: all
  std::string because;
  bool all = false;
  bool json = false;
};

struct SweepCommand {
  enum class Does { list, allow, refuse };
  Does does = Does::list;
  std::filesystem::path data = kDefaultData;
  std::vector<std::string> streams;   // allow, refuse: as the user names them
  std::string because;                // refuse
  std::optional<std::uint64_t> rows;  // allow: all in all, as they were seen
  bool json = false;
};

struct StreamCommand {
  enum class Does { list, pause, resume, add, remove };
  Does does = Does::list;
  std::filesystem::path data = kDefaultData;
  std::filesystem::path project;  // add, remove; empty: the one that runs, or ran, on `data`
  std::vector<std::string> streams;
};

struct DoctorCommand {
  std::filesystem::path project;  // empty: the one that runs, or ran, on `data`
  std::filesystem::path data = kDefaultData;
  bool json = false;
};

struct ContractCheckCommand {
  std::filesystem::path project = ".";
};

struct ContractDiffCommand {
  std::filesystem::path project = ".";
  std::string table;  // "schema.table"; empty: all
};

struct VersionCommand {};

using Command = std::variant<RunCommand, InitCommand, StatusCommand, ParityCommand, SnapshotCommand,
                             QuarantineCommand, SweepCommand, StreamCommand, DoctorCommand,
                             ContractCheckCommand, ContractDiffCommand, VersionCommand>;

struct CommandLine {
  std::optional<Command> command;  // nothing: end with `exit_status`, all is said
  int exit_status = 0;
};

// Prints help and complaints itself.
CommandLine parse_command_line(int argc, char** argv);

}  // namespace freshet::app
