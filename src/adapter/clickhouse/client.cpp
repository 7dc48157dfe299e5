#include "adapter/clickhouse/client.h"

#include <fmt/format.h>

#include <utility>

#include "adapter/clickhouse/connection.h"

namespace freshet::clickhouse {

Client::Client(Endpoint endpoint, Limits limits)
    : connection_(std::make_unique<Connection>(std::move(endpoint), limits)) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

Summary Client::execute(std::string_view sql, const With& with) {
  return connection_->run({.statement = sql, .body = sql, .changes = true}, with, [](std::string_view) {});
}

Summary Client::insert(std::string_view sql, std::string_view body, Encoding encoding, const With& with) {
  return connection_->run(
      {.statement = sql, .body = body, .encoding = encoding, .statement_in_url = true, .changes = true}, with,
      [](std::string_view) {});
}

Summary Client::select(std::string_view sql, const Sink& sink, const With& with) {
  return connection_->run({.statement = sql, .body = sql}, with, sink);
}

std::string Client::select(std::string_view sql, const With& with) {
  std::string text;
  const std::size_t limit = connection_->limits().text_bytes_max;
  const auto keep = [&](std::string_view bytes) {
    if (text.size() + bytes.size() > limit)
      throw Error(ErrorKind::capacity, fmt::format("an answer of ClickHouse is larger than {} bytes", limit),
                  "read it piece by piece, or select less");
    text += bytes;
  };
  select(sql, keep, with);
  return text;
}

Rows Client::rows(std::string_view sql, const With& with) {
  return parse_tsv(select(sql, with));
}

std::string Client::value(std::string_view sql, const With& with) {
  Rows answer = rows(sql, with);
  if (answer.empty() || answer[0].empty() || !answer[0][0])
    throw Error(ErrorKind::data, fmt::format("ClickHouse answered nothing to \"{}\"", sql.substr(0, 80)));
  return std::move(*answer[0][0]);
}

void Client::ping(std::chrono::milliseconds timeout) {
  connection_->run({.statement = "/ping", .ping = true}, {.timeout = timeout}, [](std::string_view) {});
}

const Endpoint& Client::endpoint() const {
  return connection_->endpoint();
}

}  // namespace freshet::clickhouse
