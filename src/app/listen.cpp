#include "app/listen.h"

#include <charconv>

#include "base/error.h"
#include "base/log.h"

namespace freshet::app {
namespace {

// Somebody expects us on just the address that the project names.
std::unique_ptr<serve::StatusServer> listen_where_told(const std::string& listen,
                                                       const serve::Sources& sources) try {
  const std::size_t colon = listen.rfind(':');
  const bool brackets = listen.starts_with('[');
  const std::string address = brackets ? listen.substr(1, colon - 2) : listen.substr(0, colon);
  std::uint16_t port = 0;
  std::from_chars(listen.data() + colon + 1, listen.data() + listen.size(), port);
  return std::make_unique<serve::StatusServer>(address, port, sources);
} catch (const Error& error) {
  throw Error(error.kind(), "http.listen: " + error.message(),
              "free that port, or name another address in pipeline.yaml; port 0 takes a free one");
}

}  // namespace

std::unique_ptr<serve::StatusServer> listen_on(const std::optional<std::string>& told,
                                               const serve::Sources& sources) {
  constexpr const char* kAddress = "127.0.0.1";
  constexpr std::uint16_t kPort = 8080;
  if (told) return listen_where_told(*told, sources);
  try {
    return std::make_unique<serve::StatusServer>(kAddress, kPort, sources);
  } catch (const Error& taken) {
    log::warn("status_port_taken", {{"port", kPort}, {"message", taken.message()}});
    return std::make_unique<serve::StatusServer>(kAddress, 0, sources);
  }
}

void require_free(const std::string& listen) {
  listen_where_told(listen, {});
}

}  // namespace freshet::app
