// A request's head, decoded: what a handler sees before it reads the body. Plain values, no I/O.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace freshet::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method;
  std::string path;  // decoded, without the query
  // Decoded ("+" is a blank), in the order they were sent; a name may come more than once.
  std::vector<std::pair<std::string, std::string>> parameters;
  Headers headers;

  // The first one of that name, or nothing. Header names don't mind case, parameter names do.
  const std::string* parameter(std::string_view name) const;
  const std::string* header(std::string_view name) const;
};

// Splits and decodes "/path?name=value&flag", also behind "http://host". Error{data} when a percent sign
// isn't followed by two hex digits.
void parse_target(std::string_view target, Request& into);

bool equal_ignoring_case(std::string_view a, std::string_view b);

// True when a header's list ("gzip, deflate;q=0.5") names `token`; q=0 counts as not named.
bool list_names(std::string_view list, std::string_view token);

// The reason phrase of a status line.
std::string_view reason(int status);

}  // namespace freshet::http
