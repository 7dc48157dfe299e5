// The source's address as libpq gets it: what pipeline.yaml refers to, with its password. Main thread, at
// start.
#pragma once

#include <optional>
#include <string>

#include "adapter/clickhouse/endpoint.h"
#include "contract/project.h"

namespace freshet::app {

// Both throw Error{config} naming the variable or file that is absent.

// As libpq takes it.
std::string source_address(const contract::SourceSettings& source, const contract::Environment& environment);

// Nothing: the embedded engine.
std::optional<clickhouse::Endpoint> clickhouse_address(const contract::ClickHouseSettings& settings,
                                                       const contract::Environment& environment);

}  // namespace freshet::app
