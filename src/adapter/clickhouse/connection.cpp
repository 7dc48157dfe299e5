#include "adapter/clickhouse/connection.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <cctype>
#include <utility>

#include "adapter/clickhouse/exchange.h"
#include "base/check.h"

namespace freshet::clickhouse {
namespace {

// Servers close idle connections after 3 to 30 s. Younger than that they are used again; a new one costs 0.2
// ms.
constexpr long kIdleSecondsMax = 2;
constexpr long kUploadBuffer = 512 << 10;
constexpr long kReceiveBuffer = 256 << 10;

void start_curl_once() {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  CHECK(started == CURLE_OK);
}

void append_url_encoded(std::string& to, std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '_' || c == '.' || c == '~') {
      to += c;
    } else {
      to += '%';
      to += kHex[byte >> 4];
      to += kHex[byte & 15];
    }
  }
}

void append_argument(std::string& url, std::string_view prefix, std::string_view name,
                     std::string_view value) {
  url += url.find('?') == std::string::npos ? '?' : '&';
  append_url_encoded(url, prefix);
  append_url_encoded(url, name);
  url += '=';
  append_url_encoded(url, value);
}

}  // namespace

void Client::Connection::EasyDelete::operator()(CURL* easy) const {
  curl_easy_cleanup(easy);
}

void Client::Connection::ListDelete::operator()(curl_slist* list) const {
  curl_slist_free_all(list);
}

Client::Connection::Connection(Endpoint endpoint, Limits limits)
    : endpoint_(std::move(endpoint)), limits_(limits), random_(std::random_device{}()) {
  start_curl_once();
  easy_.reset(curl_easy_init());
  CHECK(easy_ != nullptr);
}

Summary Client::Connection::run(const Request& request, const With& with, const Sink& sink) {
  CURL* easy = easy_.get();
  curl_easy_reset(easy);  // options only: the connection stays
  const std::string query_id = with.query_id.empty() ? fresh_query_id() : with.query_id;
  const std::string url = url_for(request, with, query_id);
  const HeaderList headers = headers_for(request);
  char reason[CURL_ERROR_SIZE] = "";
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, reason);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");  // rows don't pass through whatever http_proxy names
  curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, kIdleSecondsMax);
  curl_easy_setopt(easy, CURLOPT_MAXCONNECTS, 1L);
  curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, kUploadBuffer);
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, kReceiveBuffer);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limits_.connect.count()));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(with.timeout.value_or(limits_.call).count()));
  if (!request.ping) {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  }
  Exchange exchange(easy, request, sink, with.stop);
  Summary summary = exchange.finish(curl_easy_perform(easy), reason);
  if (summary.query_id.empty()) summary.query_id = query_id;
  return summary;
}

std::string Client::Connection::url_for(const Request& request, const With& with,
                                        std::string_view query_id) const {
  if (request.ping) return endpoint_.url() + "/ping";
  std::string url = endpoint_.url() + "/";
  append_argument(url, "", "query_id", query_id);
  for (const Setting& setting : with.settings) append_argument(url, "", setting.name, setting.value);
  for (const Param& param : with.params) append_argument(url, "param_", param.name, param.text);
  if (request.statement_in_url) append_argument(url, "", "query", request.statement);
  return url;
}

Client::Connection::HeaderList Client::Connection::headers_for(const Request& request) const {
  HeaderList list;
  const auto add = [&](const std::string& line) {
    curl_slist* first = curl_slist_append(list.get(), line.c_str());
    CHECK(first != nullptr);
    if (list == nullptr) list.reset(first);  // what follows is appended to it
  };
  add("Expect:");  // no round trip before the body
  if (!endpoint_.credentials().user.empty()) {
    add("X-ClickHouse-User: " + endpoint_.credentials().user);
    add("X-ClickHouse-Key: " + endpoint_.credentials().password);
  }
  if (!request.ping) add("Content-Type: application/octet-stream");
  if (request.encoding != Encoding::none)
    add(fmt::format("Content-Encoding: {}", to_string(request.encoding)));
  return list;
}

std::string Client::Connection::fresh_query_id() {
  return fmt::format("freshet-{:016x}{:016x}", random_(), random_());
}

}  // namespace freshet::clickhouse
