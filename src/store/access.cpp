#include "store/access.h"

#include <fmt/format.h>

#include "base/base64.h"
#include "store/clickhouse_error.h"

namespace freshet::store {
namespace {

constexpr std::string_view kOwnerName = "default";
constexpr std::string_view kReaderName = "reader";

struct Credentials {
  std::string user;
  std::string password;
};

// Takes as long for a wrong password as for the right one.
bool is_same_secret(std::string_view given, std::string_view expected) {
  unsigned difference = given.size() == expected.size() ? 0 : 1;
  for (std::size_t at = 0; at < given.size(); ++at) {
    const char other = at < expected.size() ? expected[at] : '\0';
    difference |= static_cast<unsigned char>(given[at]) ^ static_cast<unsigned char>(other);
  }
  return difference == 0;
}

std::string or_empty(const std::string* text) {
  return text == nullptr ? std::string() : *text;
}

Credentials credentials_of(const http::Request& request) {
  if (const std::string* user = request.header("X-ClickHouse-User")) {
    return {*user, or_empty(request.header("X-ClickHouse-Key"))};
  }
  const std::string authorization = or_empty(request.header("Authorization"));
  if (authorization.size() > 6 && http::equal_ignoring_case(authorization.substr(0, 6), "Basic ")) {
    std::string pair;
    if (!append_from_base64(pair, std::string_view(authorization).substr(6))) pair.clear();
    const std::size_t colon = std::min(pair.find(':'), pair.size());
    return {pair.substr(0, colon), colon < pair.size() ? pair.substr(colon + 1) : std::string()};
  }
  return {or_empty(request.parameter("user")), or_empty(request.parameter("password"))};
}

}  // namespace

std::string_view to_string(User user) {
  return user == User::owner ? "owner" : "reader";
}

User authenticate(const http::Request& request, const Passwords& passwords) {
  const auto [name, password] = credentials_of(request);
  if ((name.empty() || name == kOwnerName) && is_same_secret(password, passwords.owner)) return User::owner;
  if (name == kReaderName && passwords.reader && is_same_secret(password, *passwords.reader))
    return User::reader;
  throw ClickHouseError(
      code::kAuthenticationFailed, "AUTHENTICATION_FAILED",
      fmt::format("{}: Authentication failed: password is incorrect, or there is no user with such name",
                  name.empty() ? kOwnerName : name));
}

void check_roles(User user, const std::vector<std::string>& roles) {
  for (const std::string& role : roles) {
    if (role == "reader" || (role == "owner" && user == User::owner)) continue;
    throw ClickHouseError(code::kSetNonGrantedRole, "SET_NON_GRANTED_ROLE",
                          fmt::format("Role {} should be granted to set current", role));
  }
}

}  // namespace freshet::store
