// Raw HTTP for the store's tests: what a client sends and what comes back, byte by byte.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace freshet::store {

struct Call {
  std::string url;
  std::vector<std::pair<std::string, std::string>> parameters = {};
  std::string body = {};
  std::vector<std::string> headers = {};  // "Name: value"
  bool get = false;
  long timeout_ms = 120'000;  // the client leaves then
};

struct Answer {
  long status = 0;                             // 0: none came
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  bool cut = false;  // it broke off, or took longer than the call allowed

  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
  }
};

Answer send(const Call& call);

// These bytes to 127.0.0.1; what came until the server closed, or for 10 s.
std::string send_raw(int port, std::string_view bytes);

}  // namespace freshet::store
