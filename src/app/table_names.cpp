#include "app/table_names.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace freshet::app {
namespace {

std::string resolve(const std::vector<contract::StreamContract>& contracts, const std::string& name) {
  std::vector<std::string> of_that_name;
  for (const contract::StreamContract& contract : contracts) {
    const std::string stream = contract::to_string(contract.source);
    if (stream == name) return stream;
    if (contract.source.table == name) of_that_name.push_back(stream);
  }
  if (of_that_name.size() == 1) return of_that_name.front();
  if (of_that_name.empty())
    throw Error(ErrorKind::config, fmt::format("{} isn't a table of the project", name),
                "name it as its contract does, as schema.table; freshet status lists those that run");
  throw Error(ErrorKind::config, fmt::format("{} is a table of more than one schema", name),
              fmt::format("name one of them: {}", fmt::join(of_that_name, ", ")));
}

}  // namespace

std::vector<std::string> resolve_streams(const std::vector<contract::StreamContract>& contracts,
                                         const std::vector<std::string>& names) {
  std::vector<std::string> streams;
  for (const std::string& name : names) {
    std::string stream = resolve(contracts, name);
    if (std::ranges::find(streams, stream) == streams.end()) streams.push_back(std::move(stream));
  }
  return streams;
}

std::string to_json(const std::vector<std::string>& names) {
  return nlohmann::json(names).dump();
}

std::vector<std::string> names_from_json(const std::string& json) try {
  return nlohmann::json::parse(json).get<std::vector<std::string>>();
} catch (const nlohmann::json::exception& error) {
  throw Error(ErrorKind::data, std::string("names of tables: ") + error.what());
}

}  // namespace freshet::app
