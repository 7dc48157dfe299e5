// Endpoint: where a ClickHouse answers over HTTP, and as whom. A value; any thread.
//
// User and password never stand in the URL's text, because URLs end up in logs, process lists and files.
#pragma once

#include <string>
#include <string_view>

namespace freshet::clickhouse {

struct Credentials {
  std::string user;
  std::string password;
};

class Endpoint {
 public:
  // "http://host:8123" or "https://host:8443/prefix". Throws Error{config} for any other scheme, for a query
  // part, and for a user or password within the URL (which the message doesn't repeat).
  explicit Endpoint(std::string_view url, Credentials credentials = {});

  // Without a slash at its end, and without secrets: fit for logs.
  const std::string& url() const { return url_; }
  const Credentials& credentials() const { return credentials_; }

 private:
  std::string url_;
  Credentials credentials_;
};

}  // namespace freshet::clickhouse
