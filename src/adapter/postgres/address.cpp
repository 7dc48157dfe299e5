#include "adapter/postgres/address.h"

#include <libpq-fe.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <vector>

#include "base/error.h"

namespace freshet::postgres {
namespace {

struct Option {
  std::string name;
  std::string value;
};

// What the address itself says, without libpq's defaults.
std::vector<Option> parse(const std::string& address) {
  char* problem = nullptr;
  const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> parsed(
      PQconninfoParse(address.c_str(), &problem), PQconninfoFree);
  PQfreemem(problem);  // it may repeat the address, and so a password
  if (parsed == nullptr)
    throw Error(ErrorKind::config, "the address of PostgreSQL isn't one that libpq understands",
                "write it as postgres://user@host:port/database");
  std::vector<Option> options;
  for (const PQconninfoOption* option = parsed.get(); option->keyword != nullptr; ++option)
    if (option->val != nullptr) options.push_back({option->keyword, option->val});
  return options;
}

std::string quoted(const std::string& value) {
  std::string text = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') text += '\\';
    text += c;
  }
  return text + "'";
}

std::string percent_encoded(const std::string& value) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string text;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '_' || c == '.' || c == '~' || c == ',') {
      text += c;
    } else {
      text += '%';
      text += kHex[byte >> 4];
      text += kHex[byte & 15];
    }
  }
  return text;
}

}  // namespace

std::string with_password(const std::string& address, const std::string& password) {
  std::string text;
  for (const Option& option : parse(address))
    if (option.name != "password") text += option.name + "=" + quoted(option.value) + " ";
  return text + "password=" + quoted(password);
}

bool has_password(const std::string& address) {
  const std::vector<Option> options = parse(address);
  return std::ranges::any_of(options, [](const Option& option) { return option.name == "password"; });
}

std::string without_password(const std::string& address) {
  std::string user, host, port, database, rest;
  for (const Option& option : parse(address)) {
    const std::string value = percent_encoded(option.value);
    if (option.name == "user") {
      user = value + "@";
    } else if (option.name == "host") {
      host = value;
    } else if (option.name == "port") {
      port = ":" + value;
    } else if (option.name == "dbname") {
      database = value;
    } else if (option.name != "password" && option.name != "sslpassword" && option.name != "passfile") {
      rest += (rest.empty() ? "?" : "&") + option.name + "=" + value;
    }
  }
  return "postgres://" + user + host + port + "/" + database + rest;
}

}  // namespace freshet::postgres
