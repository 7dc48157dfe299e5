#include "serve/status_server.h"

#include <fmt/format.h>

#include <string_view>

#include "serve/page.h"

namespace freshet::serve {
namespace {

constexpr std::string_view kHtml = "text/html; charset=utf-8";
constexpr std::string_view kJson = "application/json";
constexpr std::string_view kText = "text/plain; charset=utf-8";
constexpr std::string_view kPrometheus = "text/plain; version=0.0.4; charset=utf-8";

struct Answer {
  int status;
  std::string_view type;
  std::string body;
};

Answer readiness(const std::string& not_ready_because) {
  if (not_ready_because.empty()) return {200, kText, "ready\n"};
  return {503, kText, "not ready: " + not_ready_because + "\n"};
}

Answer answer_to(const http::Request& request, const Sources& sources) {
  if (request.method != "GET" && request.method != "HEAD") return {405, kText, "only GET is answered here\n"};
  const std::string& path = request.path;
  if (path == "/") return {200, kHtml, std::string(status_page())};
  if (path == "/api/status") return {200, kJson, sources.status_json()};
  if (path == "/metrics") return {200, kPrometheus, sources.metrics()};
  if (path == "/healthz") return {200, kText, "ok\n"};
  if (path == "/readyz") return readiness(sources.not_ready_because());
  return {404, kText, "not found; there are /, /api/status, /metrics, /healthz, /readyz\n"};
}

// A browser can't open "all addresses".
std::string reachable(const std::string& address) {
  if (address == "0.0.0.0" || address == "::") return "127.0.0.1";
  return address.find(':') == std::string::npos ? address : "[" + address + "]";
}

}  // namespace

StatusServer::StatusServer(const std::string& address, std::uint16_t port, Sources sources)
    : address_(address),
      sources_(std::move(sources)),
      server_({.address = address, .port = port, .max_connections = 64},
              [this](http::Exchange& exchange) { answer(exchange); }) {}

std::string StatusServer::url() const {
  return fmt::format("http://{}:{}", reachable(address_), server_.port());
}

void StatusServer::answer(http::Exchange& exchange) const {
  const Answer answer = answer_to(exchange.request(), sources_);
  exchange.respond(answer.status,
                   {{"Content-Type", std::string(answer.type)},
                    {"Cache-Control", "no-store"},
                    {"X-Content-Type-Options", "nosniff"},
                    {"Content-Security-Policy", "default-src 'self' 'unsafe-inline'; img-src data:"}},
                   answer.body);
}

}  // namespace freshet::serve
