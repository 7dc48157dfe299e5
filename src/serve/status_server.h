// The one port that tells people and machines how the line does: the status page, /api/status, /metrics,
// /healthz and /readyz. The HTTP server's threads call the sources, which therefore only hand out what was
// collected before.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "adapter/http/server.h"

namespace freshet::serve {

struct Sources {
  std::function<std::string()> status_json;
  std::function<std::string()> metrics;            // Prometheus' text format
  std::function<std::string()> not_ready_because;  // empty: ready
};

class StatusServer {
 public:
  // Listens at once. Error{config} when the address can't be had. Port 0: any free one.
  StatusServer(const std::string& address, std::uint16_t port, Sources sources);

  std::string url() const;

 private:
  void answer(http::Exchange& exchange) const;

  const std::string address_;
  const Sources sources_;
  http::Server server_;
};

}  // namespace freshet::serve
