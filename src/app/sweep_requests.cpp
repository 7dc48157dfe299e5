#include "app/sweep_requests.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/describe.h"
#include "app/table_names.h"

namespace freshet::app {
namespace {

using Json = nlohmann::json;

// Of a reading: 32 digits of base 16.
std::string to_text(Version version) {
  return fmt::format("{:016x}{:016x}", static_cast<std::uint64_t>(version.bits() >> 64),
                     static_cast<std::uint64_t>(version.bits()));
}

Version version_from(const std::string& text) try {
  return Version(UInt128{std::stoull(text.substr(0, 16), nullptr, 16)} << 64 |
                 std::stoull(text.substr(16), nullptr, 16));
} catch (const std::logic_error&) {
  throw Error(ErrorKind::data, fmt::format("\"{}\" isn't the version of a reading", text));
}

Json described(const std::string& stream, const load::SweepQuestion& sweep) {
  return {{"stream", stream},
          {"version", to_text(sweep.version)},
          {"state", to_string(sweep.state)},
          {"rows", sweep.rows},
          {"of", sweep.of},
          {"read_at", iso(WallTime(std::chrono::microseconds(sweep.read_at)))},
          {"because", sweep.note}};
}

std::string text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

void SweepRequests::add_to(ControlHandlers& handlers) const {
  handlers["sweep_list"] = [this](const std::string& names) { return list(names); };
  handlers["sweep_answer"] = [this](const std::string& argument) { return answer(argument); };
}

std::string SweepRequests::list(const std::string& names) const {
  const auto endpoint = locate_();
  if (!endpoint) throw Error(ErrorKind::transient, "ClickHouse isn't up yet", "freshet status says why");
  clickhouse::Client client(*endpoint);
  const auto sweeps = load::list_sweeps(client);
  const auto contracts = contracts_.now();
  const std::vector<std::string> only =
      names == "null" ? std::vector<std::string>() : resolve_streams(*contracts, names_from_json(names));
  Json answer = Json::array();
  for (const contract::StreamContract& contract : *contracts) {
    const std::string stream = contract::to_string(contract.source);
    const auto sweep = sweeps.find(contract.mirror);
    if (sweep == sweeps.end()) continue;
    if (!only.empty() && std::ranges::find(only, stream) == only.end()) continue;
    if (sweep->second.open() || sweep->second.state == load::SweepState::refused)
      answer.push_back(described(stream, sweep->second));
  }
  return text(answer);
}

std::string SweepRequests::answer(const std::string& request) const {
  const Json asked = Json::parse(request);
  const Json& seen = asked.at("seen");
  Json answer = Json::array();
  for (const std::string& stream : resolve_streams(*contracts_.now(), asked.at("streams"))) {
    const Version version = seen.contains(stream) ? version_from(seen.at(stream)) : Version();
    const load::SweepAnswer sweep{version, asked.at("allowed"), asked.at("because")};
    answer.push_back(described(stream, load_.answer_sweep(stream, sweep)));
  }
  return text(answer);
}

}  // namespace freshet::app
