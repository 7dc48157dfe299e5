// freshet sweep: readings that would take much of a mirror away, and ask first: seen, allowed, refused.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/line_control.h"
#include "base/error.h"
#include "base/shell_word.h"
#include "base/utf8.h"

namespace freshet::app {
namespace {

using Json = nlohmann::json;

constexpr int kNothingAsks = 0, kSomethingAsks = 1;

std::string said(const Json& json, const char* key) {
  return printable(json.value(key, ""));
}

std::uint64_t rows_of(const Json& sweep) {
  return sweep.at("rows");
}

void print(const Json& sweep) {
  const std::string stream = said(sweep, "stream");
  fmt::print("{}: the reading of {} didn't see {} of its mirror's {} rows at the source\n", stream,
             said(sweep, "read_at"), rows_of(sweep), sweep.at("of").get<std::uint64_t>());
  const std::string state = sweep.at("state");
  if (state == "refused")
    fmt::print("  kept, because: {}\n", said(sweep, "because"));
  else if (state == "allowed")
    fmt::print("  they go with the next round of the stream\n");
  else
    fmt::print(
        "  look at the source, then\n"
        "  -> let them go:  freshet sweep allow {0} --rows {1}\n"
        "  -> keep them:    freshet sweep refuse {0} --because TEXT\n",
        shell_word(stream), rows_of(sweep));
}

int list(const SweepCommand& command) {
  const std::string answer = ask_load(command.data, "sweep_list", "null");
  const Json sweeps = Json::parse(answer);
  bool asks = false;
  for (const Json& sweep : sweeps) asks = asks || sweep.at("state") == "asked";
  if (command.json) {
    fmt::print("{}\n", answer);
  } else {
    if (sweeps.empty()) fmt::print("nothing waits to be swept\n");
    for (const Json& sweep : sweeps) print(sweep);
  }
  return asks ? kSomethingAsks : kNothingAsks;
}

// What is answered, and nothing that comes to ask meanwhile.
Json questions(const SweepCommand& command) {
  const Json listed = Json::parse(ask_load(command.data, "sweep_list", Json(command.streams).dump()));
  Json seen = Json::object();
  std::uint64_t rows = 0;
  for (const Json& sweep : listed) {
    if (sweep.at("state") != "asked") continue;
    seen[sweep.at("stream").get<std::string>()] = sweep.at("version");
    rows += rows_of(sweep);
  }
  if (command.rows && *command.rows != rows)
    throw Error(ErrorKind::config, fmt::format("{} rows are asked about now, not {}", rows, *command.rows),
                "look again: freshet sweep list");
  return seen;
}

int answer(const SweepCommand& command) {
  const bool allowed = command.does == SweepCommand::Does::allow;
  if (!allowed && command.because.find_first_not_of(" \t") == std::string::npos)
    throw Error(ErrorKind::config, "--because is empty", "say why the rows are kept");
  const Json request{{"streams", command.streams},
                     {"seen", questions(command)},
                     {"allowed", allowed},
                     {"because", command.because}};
  for (const Json& sweep : Json::parse(ask_load(command.data, "sweep_answer", request.dump()))) {
    const std::string stream = said(sweep, "stream");
    if (allowed)
      fmt::print("{}: {} rows go with its next round\n", stream, rows_of(sweep));
    else
      fmt::print("{}: {} rows stay, until the table is read again: freshet snapshot {}\n", stream,
                 rows_of(sweep), shell_word(stream));
  }
  return 0;
}

}  // namespace

int run(const SweepCommand& command) {
  switch (command.does) {
    case SweepCommand::Does::list: return list(command);
    case SweepCommand::Does::allow:
    case SweepCommand::Does::refuse: return answer(command);
  }
  return kWrongUsage;
}

}  // namespace freshet::app
