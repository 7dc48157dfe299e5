#include "app/variables.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"

namespace freshet::app {

contract::Environment noting(const contract::Environment& environment, Variables& found) {
  return [&environment, &found](const std::string& name) {
    std::optional<std::string> value = environment(name);
    if (value) found[name] = *value;
    return value;
  };
}

contract::Environment overlaid(Variables variables, contract::Environment environment) {
  return [variables = std::move(variables), environment = std::move(environment)](const std::string& name) {
    const auto known = variables.find(name);
    return known == variables.end() ? environment(name) : std::optional(known->second);
  };
}

std::string to_json(const Variables& variables) {
  return nlohmann::json(variables).dump();
}

Variables variables_from_json(std::string_view json) {
  try {
    return nlohmann::json::parse(json).get<Variables>();
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::data, "the running freshet's variables aren't readable");
  }
}

}  // namespace freshet::app
