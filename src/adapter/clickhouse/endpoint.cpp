#include "adapter/clickhouse/endpoint.h"

#include <utility>

#include "base/error.h"

namespace freshet::clickhouse {
namespace {

std::string_view after_scheme(std::string_view url) {
  for (const std::string_view scheme : {"http://", "https://"})
    if (url.starts_with(scheme)) return url.substr(scheme.size());
  throw Error(ErrorKind::config, "the address of ClickHouse is neither http:// nor https://",
              "write it like http://host:8123");
}

// They travel as HTTP headers: a line end in one would begin another header.
void check_secret(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      throw Error(ErrorKind::config, "ClickHouse's user or password holds a control character",
                  "a line end at the end of the file that holds it, perhaps");
}

}  // namespace

Endpoint::Endpoint(std::string_view url, Credentials credentials) : credentials_(std::move(credentials)) {
  check_secret(credentials_.user);
  check_secret(credentials_.password);
  const std::string_view rest = after_scheme(url);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  if (authority.find('@') != std::string_view::npos)
    throw Error(ErrorKind::config, "the address of ClickHouse holds a user or password",
                "give them by the environment or a file, and leave http://host:port");
  if (authority.empty() || authority.front() == ':')
    throw Error(ErrorKind::config, "the address of ClickHouse has no host", "write it like http://host:8123");
  if (rest.find_first_of("?#") != std::string_view::npos)
    throw Error(ErrorKind::config, "the address of ClickHouse has a query part",
                "leave http://host:port/path; settings belong to the statements");
  url_ = url;
  while (url_.ends_with('/')) url_.pop_back();
}

}  // namespace freshet::clickhouse
