// GET by hand: nothing between the test and the bytes.
#pragma once

#include <string>

namespace freshet::test {

struct HttpAnswer {
  int status = 0;  // 0: nobody answers
  std::string body;
};

// `base_url`: of a port on loopback, "http://127.0.0.1:8080".
HttpAnswer http_get(const std::string& base_url, const std::string& path);

}  // namespace freshet::test
