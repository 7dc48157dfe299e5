// The settings that an INSERT of builders' columns must carry, so that ClickHouse stores what it is sent or
// refuses: by its defaults it would cast between types, and write a zero for a NULL.
#pragma once

#include <vector>

#include "adapter/clickhouse/client.h"

namespace freshet::load {

inline std::vector<clickhouse::Setting> insert_settings() {
  return {{"input_format_native_allow_types_conversion", "0"}, {"input_format_null_as_default", "0"}};
}

}  // namespace freshet::load
