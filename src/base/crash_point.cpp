#include "base/crash_point.h"

#include <signal.h>

#include <charconv>
#include <cstdlib>
#include <string>

namespace freshet::detail {
namespace {

struct Request {
  std::string name;
  std::atomic<long> passes_left{0};

  Request() {
    const char* text = std::getenv("FRESHET_CRASH_AT");
    if (text == nullptr) return;
    const std::string_view request = text;
    const std::size_t colon = request.find(':');
    name = request.substr(0, colon);
    long passes = 1;
    if (colon != std::string_view::npos) {
      std::from_chars(request.data() + colon + 1, request.data() + request.size(), passes);
    }
    passes_left = passes;
  }
};

Request& request() {
  static Request request;
  return request;
}

}  // namespace

std::atomic<bool> crash_asked_for{!request().name.empty()};

void maybe_crash(std::string_view name) {
  if (name == request().name && --request().passes_left == 0) raise(SIGKILL);
}

}  // namespace freshet::detail
