// The environment's variables that a project refers to, with their values. A process that runs tells them to
// the commands of its own user over the control socket, so that `freshet parity` in another terminal needs
// none of them.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "contract/reference.h"

namespace freshet::app {

// What `freshet up --kafka` and `--clickhouse` stand for.
inline constexpr const char* kKafkaVariable = "FRESHET_KAFKA";
inline constexpr const char* kClickHouseVariable = "FRESHET_CLICKHOUSE";

using Variables = std::map<std::string, std::string>;

// `environment`, with a note of each variable that is found. Both must outlive it.
contract::Environment noting(const contract::Environment& environment, Variables& found);
// These, and what they don't have from `environment`.
contract::Environment overlaid(Variables variables, contract::Environment environment);

std::string to_json(const Variables& variables);
// Throws Error{data}.
Variables variables_from_json(std::string_view json);

}  // namespace freshet::app
