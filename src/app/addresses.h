// The addresses of what lies around the line: what pipeline.yaml refers to, with passwords. Main thread, at
// start.
#pragma once

#include <optional>
#include <string>

#include "adapter/clickhouse/endpoint.h"
#include "contract/project.h"
#include "journal/kafka.h"

namespace freshet::app {

// All throw Error{config} naming the variable or file that is absent.

// As libpq takes it.
std::string source_address(const contract::SourceSettings& source, const contract::Environment& environment);

// Nothing: the embedded journal.
std::optional<journal::KafkaOptions> kafka_journal(const contract::Project& project,
                                                   const contract::Environment& environment);

// Nothing: the embedded engine.
std::optional<clickhouse::Endpoint> clickhouse_address(const contract::ClickHouseSettings& settings,
                                                       const contract::Environment& environment);

}  // namespace freshet::app
