// Client: ClickHouse over its HTTP interface, embedded (freshet-store) or a real server alike. Thin: it knows
// connections, deadlines and errors, and no SQL.
//
// One Client is one connection, kept alive between calls, owned and called by one thread. Every call has a
// deadline. Errors:
//   transient    the server wasn't reached, so nothing was done; or a select's answer was cut
//   in_doubt     an execute or insert was sent whole or in part and its answer was lost
//   ServerError  ClickHouse's own exception, before the answer or in the middle of it; kind by its code
//   cancelled    the call's stop token
// libcurl never repeats a request by itself here: a hidden second attempt could turn "in doubt" into
// "refused".
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/clickhouse/compress.h"
#include "adapter/clickhouse/endpoint.h"
#include "adapter/clickhouse/quote.h"
#include "adapter/clickhouse/server_error.h"
#include "adapter/clickhouse/tsv.h"

namespace freshet::clickhouse {

// A query parameter: {name:Type} in the statement.
struct Param {
  std::string name;
  std::string text;  // as ClickHouse reads it: numbers and arrays as they are, strings escaped
};
// The parameter {name:String}.
inline Param text_param(std::string name, std::string_view text) {
  return {std::move(name), escape_tsv(text)};
}

struct Setting {
  std::string name;
  std::string value;
};

// What goes with a statement.
struct With {
  std::vector<Param> params = {};
  std::vector<Setting> settings = {};
  std::string query_id = {};                           // empty: a fresh one
  std::optional<std::chrono::milliseconds> timeout{};  // nothing: the client's
  std::stop_token stop = {};                           // noticed within about a second
};

struct Limits {
  std::chrono::milliseconds connect{5'000};
  std::chrono::milliseconds call{60'000};
  std::size_t text_bytes_max = 64 << 20;  // of an answer kept in memory
};

// What X-ClickHouse-Summary said; 0 where it said nothing.
struct Summary {
  std::string query_id;
  std::uint64_t read_rows = 0;
  std::uint64_t written_rows = 0;
};

class Client {
 public:
  // Receives an answer piece by piece; may throw, which ends the call with that exception.
  using Sink = std::function<void(std::string_view)>;

  explicit Client(Endpoint endpoint, Limits limits = {});
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  // A statement without an answer: DDL, SET, INSERT ... SELECT, ALTER.
  Summary execute(std::string_view sql, const With& with = {});

  // sql: "INSERT INTO t FORMAT Native", the data apart in `body`, already in that form and `encoding`.
  Summary insert(std::string_view sql, std::string_view body, Encoding encoding = Encoding::none,
                 const With& with = {});

  // The answer as text in the format that the statement names (TSV otherwise). Above text_bytes_max:
  // Error{capacity}.
  std::string select(std::string_view sql, const With& with = {});
  // The same, in bounded memory.
  Summary select(std::string_view sql, const Sink& sink, const With& with = {});
  // A small answer in TSV, taken apart.
  Rows rows(std::string_view sql, const With& with = {});
  // The first cell of the first row. Throws Error{data} when there is none, or it is NULL.
  std::string value(std::string_view sql, const With& with = {});

  // GET /ping. Throws when nobody answers.
  void ping(std::chrono::milliseconds timeout);

  const Endpoint& endpoint() const;

 private:
  struct Connection;
  std::unique_ptr<Connection> connection_;
};

}  // namespace freshet::clickhouse
