// LineStatus as JSON: /api/status, the control socket and `freshet status --json` all speak it. Its fields
// have the names of line_status.h. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "app/line_status.h"

namespace freshet::app {

std::string to_json(const LineStatus& status);
// Throws Error{data}. Fields that are absent keep their defaults, so an older program's answer can be read.
LineStatus line_status_from_json(std::string_view json);

// {"postgres": …, "clickhouse": …, "http": …}
std::string to_json(const EndpointLine& endpoints);

}  // namespace freshet::app
