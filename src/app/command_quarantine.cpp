// freshet quarantine: what broke its contract and waits: seen, taken up again, given up.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/line_control.h"
#include "app/table_names.h"
#include "base/shell_word.h"
#include "base/utf8.h"

namespace freshet::app {
namespace {

using Json = nlohmann::json;

constexpr int kNothingWaits = 0, kSomethingWaits = 1;
constexpr std::size_t kShownOfEach = 20;

std::string said(const Json& json, const char* key) {
  return printable(json.value(key, ""));
}

// "id = 5, day = infinity"
std::string key_of(const Json& change) {
  std::string key;
  for (const Json& part : change.at("key"))
    key += fmt::format("{}{} = {}", key.empty() ? "" : ", ", said(part, "column"), said(part, "value"));
  return key;
}

void print(const Json& stream) {
  const Json& changes = stream.at("changes");
  fmt::print("{}: {}{} wait\n", said(stream, "stream"), changes.size(),
             changes.size() >= 1'000 ? " or more" : "");
  std::size_t shown = 0;
  for (const Json& change : changes) {
    if (++shown > kShownOfEach) break;
    const std::string reason = said(change, "reason");
    fmt::print("  {}  {:<12} {}  {}: {}\n", said(change, "id"), said(change, "op"),
               said(change, "committed_at"), key_of(change),
               reason.empty() ? "behind an earlier one of its key"
                              : fmt::format("{} (contract {})", reason, said(change, "contract")));
    if (!reason.empty()) fmt::print("      -> {}\n", said(change, "hint"));
  }
  if (changes.size() > kShownOfEach)
    fmt::print("  … {} more: --json has them\n", changes.size() - kShownOfEach);
}

int list(const QuarantineCommand& command) {
  const std::string answer = ask_load(command.data, "quarantine_list", to_json(command.streams));
  const Json streams = Json::parse(answer);
  if (command.json) {
    fmt::print("{}\n", answer);
  } else if (streams.empty()) {
    fmt::print("nothing is in quarantine\n");
  } else {
    for (const Json& stream : streams) print(stream);
  }
  return streams.empty() ? kNothingWaits : kSomethingWaits;
}

void print_row(const char* title, const Json& row) {
  if (row.empty()) return;
  fmt::print("{}:\n", title);
  for (const Json& field : row)
    fmt::print("  {} = {}\n", said(field, "column"),
               field.at("value").is_null() ? "NULL" : printable(field.at("value").get<std::string>()));
}

int show(const QuarantineCommand& command) {
  const std::string answer = ask_load(command.data, "quarantine_show",
                                      Json{{"stream", command.stream}, {"id", command.ids.front()}}.dump());
  if (command.json) {
    fmt::print("{}\n", answer);
    return 0;
  }
  const Json change = Json::parse(answer);
  const std::string reason = said(change, "reason");
  fmt::print("{} {}, {} of {}, committed at {} ({})\n", said(change, "stream"), said(change, "id"),
             said(change, "op"), said(change, "stream"), said(change, "committed_at"),
             said(change, "commit_lsn"));
  fmt::print("{}\n", reason.empty() ? "it waits behind an earlier change of its key"
                                    : fmt::format("{} (contract {})\n  -> {}", reason,
                                                  said(change, "contract"), said(change, "hint")));
  print_row("before", change.at("old"));
  print_row("row", change.at("row"));
  return 0;
}

int replay(const QuarantineCommand& command) {
  const Json streams = Json::parse(ask_load(command.data, "quarantine_replay", to_json(command.streams)));
  if (streams.empty()) fmt::print("nothing is in quarantine\n");
  bool some_left = false;
  for (const Json& stream : streams) {
    const auto left = stream.value("left", std::uint64_t{0});
    some_left = some_left || left > 0;
    if (left == 0)
      fmt::print("{}: all that waited is in the mirror\n", said(stream, "stream"));
    else
      fmt::print("{}: {} still wait: {}\n  -> {}\n", said(stream, "stream"), left, said(stream, "reason"),
                 said(stream, "hint"));
  }
  return some_left ? kSomethingWaits : kNothingWaits;
}

int drop(const QuarantineCommand& command) {
  if (command.ids.empty() && !command.all)
    throw Error(ErrorKind::config, "which changes?",
                "name their IDs, as freshet quarantine list has them, or say --all");
  if (command.because.find_first_not_of(" \t") == std::string::npos)
    throw Error(ErrorKind::config, "--because is empty",
                "say why they are given up: it is all that is kept of them");
  const Json answer = Json::parse(
      ask_load(command.data, "quarantine_drop",
               Json{{"stream", command.stream}, {"ids", command.ids}, {"because", command.because}}.dump()));
  fmt::print("{}: {} given up; to have its mirror like the source again: freshet snapshot {}\n",
             said(answer, "stream"), answer.value("dropped", 0), shell_word(said(answer, "stream")));
  return 0;
}

}  // namespace

int run(const QuarantineCommand& command) {
  switch (command.does) {
    case QuarantineCommand::Does::list: return list(command);
    case QuarantineCommand::Does::show: return show(command);
    case QuarantineCommand::Does::replay: return replay(command);
    case QuarantineCommand::Does::drop: return drop(command);
  }
  return kWrongUsage;
}

}  // namespace freshet::app
