#include "adapter/clickhouse/exchange.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

namespace freshet::clickhouse {
namespace {

static_assert(std::is_same_v<curl_off_t, std::int64_t>, "the callbacks are declared without curl's header");

constexpr std::size_t kMaxRefusalBytes = 64 << 10;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::strchr(" \t\r\n", text.front()) != nullptr) text.remove_prefix(1);
  while (!text.empty() && std::strchr(" \t\r\n", text.back()) != nullptr) text.remove_suffix(1);
  return text;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

template <class Number>
Number number_in(std::string_view text) {
  Number number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// {"read_rows":"1","written_rows":"2",...}: flat, and its values are numbers in quotes.
std::uint64_t summary_field(std::string_view json, std::string_view name) {
  const std::string quoted = fmt::format("\"{}\":\"", name);
  const std::size_t at = json.find(quoted);
  return at == std::string_view::npos ? 0 : number_in<std::uint64_t>(json.substr(at + quoted.size()));
}

}  // namespace

Exchange::Exchange(CURL* easy, const Request& request, const Client::Sink& sink, std::stop_token stop)
    : request_(request), sink_(sink), stop_(std::move(stop)) {
  curl_easy_setopt(easy, CURLOPT_READFUNCTION, &Exchange::on_send);
  curl_easy_setopt(easy, CURLOPT_READDATA, this);
  curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, &Exchange::on_seek);
  curl_easy_setopt(easy, CURLOPT_SEEKDATA, this);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Exchange::on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Exchange::on_receive);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, &Exchange::on_progress);
  curl_easy_setopt(easy, CURLOPT_XFERINFODATA, this);
}

std::size_t Exchange::on_send(char* to, std::size_t size, std::size_t count, void* self) {
  auto& exchange = *static_cast<Exchange*>(self);
  exchange.sending_ = true;
  const std::string_view left = exchange.request_.body.substr(exchange.sent_);
  const std::size_t n = std::min(left.size(), size * count);
  std::memcpy(to, left.data(), n);
  exchange.sent_ += n;
  return n;
}

// Asked for only when libcurl would repeat the request on a new connection.
int Exchange::on_seek(void*, std::int64_t, int) {
  return CURL_SEEKFUNC_FAIL;
}

std::size_t Exchange::on_header(char* from, std::size_t size, std::size_t count, void* self) {
  static_cast<Exchange*>(self)->take_header({from, size * count});
  return size * count;
}

std::size_t Exchange::on_receive(char* from, std::size_t size, std::size_t count, void* self) {
  auto& exchange = *static_cast<Exchange*>(self);
  try {
    exchange.take_body({from, size * count});
    return size * count;
  } catch (...) {  // must not pass through C frames; finish() throws it on
    exchange.sink_failed_ = std::current_exception();
    return 0;
  }
}

int Exchange::on_progress(void* self, std::int64_t, std::int64_t, std::int64_t, std::int64_t) {
  return static_cast<Exchange*>(self)->stop_.stop_requested() ? 1 : 0;
}

void Exchange::take_header(std::string_view line) {
  if (line.starts_with("HTTP/")) {
    const std::size_t space = line.find(' ');
    status_ = space == std::string_view::npos ? 0 : number_in<long>(line.substr(space + 1));
    return;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (same_name(name, "X-ClickHouse-Exception-Code")) code_ = number_in<ServerCode>(value);
  if (same_name(name, "X-ClickHouse-Exception-Tag")) tail_.emplace(value);
  if (same_name(name, "X-ClickHouse-Query-Id")) summary_.query_id = value;
  if (same_name(name, "X-ClickHouse-Summary")) {
    summary_.read_rows = summary_field(value, "read_rows");
    summary_.written_rows = summary_field(value, "written_rows");
  }
}

void Exchange::take_body(std::string_view bytes) {
  if (refused()) {
    refusal_ += bytes.substr(0, kMaxRefusalBytes - std::min(kMaxRefusalBytes, refusal_.size()));
    return;
  }
  if (!tail_) tail_.emplace("");
  tail_->take(bytes, sink_);
}

Summary Exchange::finish(int result, const char* reason) {
  if (sink_failed_) std::rethrow_exception(sink_failed_);
  // What the server said counts more than how the connection ended after it.
  if (tail_ && tail_->found()) throw_server(tail_->message());
  if (refused() && (result == CURLE_OK || code_ != 0)) throw_server(refusal_);
  if (result != CURLE_OK) throw_transport(result, reason);
  if (code_ != 0) throw_server("an exception without a text");
  if (tail_) tail_->finish(sink_);
  return std::move(summary_);
}

void Exchange::throw_server(std::string_view text) const {
  const ServerCode code = code_ != 0 ? code_ : code_in(text);
  if (code != 0) throw ServerError(code, trimmed(text), request_.statement);
  throw Error(kind_of_status(status_),
              fmt::format("HTTP status {} in place of an answer of ClickHouse", status_),
              "check that the address is ClickHouse's HTTP port");
}

void Exchange::throw_transport(int result, const char* reason) const {
  if (result == CURLE_ABORTED_BY_CALLBACK)
    throw Error(ErrorKind::cancelled, "a call to ClickHouse was stopped");
  const std::string why = *reason != '\0' ? reason : curl_easy_strerror(static_cast<CURLcode>(result));
  if (!sending_)
    throw Error(ErrorKind::transient, fmt::format("ClickHouse can't be reached: {}", why),
                "check that it runs and that its address is right");
  if (!request_.changes)
    throw Error(ErrorKind::transient, fmt::format("an answer of ClickHouse was cut: {}", why));
  throw Error(ErrorKind::in_doubt, fmt::format("a statement's answer from ClickHouse was lost: {}", why),
              "the statement may have been done or not; it is repeated");
}

}  // namespace freshet::clickhouse
