// Where a PostgreSQL is, as people write it (postgres://… or key=value), taken apart by libpq itself, so that
// a password can be put in or left out without guessing. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace freshet::postgres {

// For libpq: the address with this password. Throws Error{config} when libpq doesn't understand the address;
// the message doesn't repeat it.
std::string with_password(const std::string& address, const std::string& password);

// Whether the address itself says a password. Throws as with_password.
bool has_password(const std::string& address);

// For people, logs and files: "postgres://user@host:port/database?sslmode=require".
std::string without_password(const std::string& address);

}  // namespace freshet::postgres
