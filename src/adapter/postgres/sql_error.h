// From libpq's failures to ours. Inside adapter/postgres only.
#pragma once

#include <string>
#include <string_view>

#include "adapter/postgres/connection.h"

namespace freshet::postgres {

SqlError sql_error(const pg_result* result, const std::string& where, std::string_view sql);
SqlError connect_error(const pg_conn* connection, const std::string& where);

// A statement's beginning, fit for a message: one line, without what may be long or secret behind it.
std::string shorten(std::string_view sql);

}  // namespace freshet::postgres
