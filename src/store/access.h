// Who asks: the owner (user `default`) or the reader (user `reader`), by name and password. Inside the engine
// both are one user with two roles, and the store takes on the reader's role before a reader's statement.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/http/request.h"

namespace freshet::store {

enum class User { owner, reader };

std::string_view to_string(User user);

struct Passwords {
  std::string owner;                  // empty: anybody who can connect is the owner
  std::optional<std::string> reader;  // nothing: there is no such user
};

// By Basic authentication, X-ClickHouse-User and -Key, or the parameters `user` and `password`; `default`
// with an empty password when none is sent. ClickHouseError{AUTHENTICATION_FAILED} otherwise, the same for a
// wrong name.
User authenticate(const http::Request& request, const Passwords& passwords);

// ClickHouseError{SET_NON_GRANTED_ROLE} for a role that the user hasn't got.
void check_roles(User user, const std::vector<std::string>& roles);

}  // namespace freshet::store
