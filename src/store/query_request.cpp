#include "store/query_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <random>

#include "store/clickhouse_error.h"

namespace freshet::store {
namespace {

constexpr std::chrono::seconds kMaxSessionTimeout{3600};
constexpr int kUnknownSetting = 115;

bool is_on(std::string_view value) {
  return value == "1" || http::equal_ignoring_case(value, "true");
}

bool is_plain_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char letter) {
    return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_';
  });
}

bool is_control(unsigned char letter) {
  return letter < 0x20 || letter == 0x7f;
}

std::chrono::seconds read_session_timeout(std::string_view text) {
  unsigned seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() ||
      std::chrono::seconds(seconds) > kMaxSessionTimeout) {
    throw ClickHouseError(code::kInvalidSessionTimeout, "INVALID_SESSION_TIMEOUT",
                          fmt::format("Invalid session timeout '{}', at most {} are allowed", text,
                                      kMaxSessionTimeout.count()));
  }
  return std::chrono::seconds(seconds);
}

std::string new_query_id() {
  thread_local std::mt19937_64 random{std::random_device{}()};
  const std::uint64_t high = random();
  const std::uint64_t low = random();
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", high >> 32, high >> 16 & 0xffff, high & 0xfff,
                     (low >> 48 & 0x3fff) | 0x8000, low & 0xffffffffffff);
}

using Reader = std::function<void(QueryRequest&, const std::string&)>;

const std::map<std::string_view, Reader>& readers() {
  static const Reader ignored = [](QueryRequest&, const std::string&) {};
  static const std::map<std::string_view, Reader> table{
      {"query", [](QueryRequest& to, const std::string& value) { to.query = value; }},
      {"query_id", [](QueryRequest& to, const std::string& value) { to.query_id = value; }},
      {"database", [](QueryRequest& to, const std::string& value) { to.database = value; }},
      {"default_format", [](QueryRequest& to, const std::string& value) { to.default_format = value; }},
      {"session_id", [](QueryRequest& to, const std::string& value) { to.session_id = value; }},
      {"session_timeout",
       [](QueryRequest& to, const std::string& value) { to.session_timeout = read_session_timeout(value); }},
      {"session_check", [](QueryRequest& to, const std::string& value) { to.session_check = is_on(value); }},
      {"close_session", [](QueryRequest& to, const std::string& value) { to.close_session = is_on(value); }},
      {"wait_end_of_query",
       [](QueryRequest& to, const std::string& value) { to.hold_to_the_end = is_on(value); }},
      {"enable_http_compression",
       [](QueryRequest& to, const std::string& value) { to.may_compress = is_on(value); }},
      {"role", [](QueryRequest& to, const std::string& value) { to.roles.push_back(value); }},
      // The engine's own readonly would keep the store from setting anything later in the same session.
      {"readonly", [](QueryRequest& to, const std::string& value) { to.read_only |= value != "0"; }},
      {"client_protocol_version", [](QueryRequest& to, const std::string&) { to.native_protocol = true; }},
      {"user", ignored},
      {"password", ignored},
      {"quota_key", ignored},
      {"buffer_size", ignored},
      {"stacktrace", ignored},
      {"log_comment", ignored},  // carries the query id
  };
  return table;
}

void refuse_block_compression(const std::string& name, const std::string& value) {
  if (!is_on(value)) return;
  throw ClickHouseError(
      code::kNotImplemented, "NOT_IMPLEMENTED",
      fmt::format("The parameter {} isn't supported: send Content-Encoding or Accept-Encoding", name));
}

void read_parameter(QueryRequest& to, const std::string& name, const std::string& value) {
  if (const auto reader = readers().find(name); reader != readers().end()) return reader->second(to, value);
  if (name == "compress" || name == "decompress") return refuse_block_compression(name, value);
  if (name.starts_with("param_")) {
    to.parameters.emplace_back(name.substr(6), value);
  } else if (is_plain_name(name)) {
    to.settings.insert_or_assign(name, value);
  } else {
    throw ClickHouseError(kUnknownSetting, "UNKNOWN_SETTING", fmt::format("Unknown setting '{}'", name));
  }
}

}  // namespace

QueryRequest read_query_request(const http::Request& request) {
  QueryRequest to;
  to.read_only = request.method == "GET" || request.method == "HEAD";
  if (const std::string* database = request.header("X-ClickHouse-Database")) to.database = *database;
  if (const std::string* format = request.header("X-ClickHouse-Format")) to.default_format = *format;
  for (const auto& [name, value] : request.parameters) read_parameter(to, name, value);
  if (!is_plain_name(to.default_format)) {
    throw ClickHouseError(73, "UNKNOWN_FORMAT", fmt::format("Unknown format '{}'", to.default_format));
  }
  if (std::ranges::any_of(to.query_id, is_control)) {
    throw ClickHouseError(code::kBadArguments, "BAD_ARGUMENTS", "The query id holds a control character");
  }
  if (to.query_id.empty()) to.query_id = new_query_id();
  return to;
}

}  // namespace freshet::store
