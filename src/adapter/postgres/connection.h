// A libpq connection owned by one thread. Every call has a deadline; when it passes, the connection is
// closed, since nobody can tell what the server still does with it. Text output has the one form Freshet
// reads (UTF8, ISO dates, iso_8601 intervals, UTC, shortest exact floats, hex bytea).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

struct pg_conn;
struct pg_result;

namespace freshet::postgres {

// A statement's failure as the server reported it. Kind by SQLSTATE class; in_doubt when the answer was lost.
class SqlError : public Error {
 public:
  SqlError(ErrorKind kind, std::string message, std::string hint, std::string sqlstate)
      : Error(kind, std::move(message), std::move(hint)), sqlstate_(std::move(sqlstate)) {}
  const std::string& sqlstate() const { return sqlstate_; }  // "" when it isn't the server's

 private:
  std::string sqlstate_;
};

struct ConnectOptions {
  std::string url;           // postgres://… or key=value; may hold a password: never logged
  std::string purpose;       // shown as application_name: "freshet capture"
  bool replication = false;  // a walsender connection (replication=database)
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds statement_timeout{0};  // the server's; 0: none, only our deadlines
};

// The rows of a statement, as text.
class Result {
 public:
  explicit Result(pg_result* result) : result_(result, &Result::clear) {}

  int rows() const;
  int columns() const;
  bool is_null(int row, int column) const;
  std::string_view text(int row, int column) const;                  // "" for NULL
  std::optional<std::string_view> value(int row, int column) const;  // nothing for NULL
  std::int64_t integer(int row, int column) const;                   // throws Error{data}
  std::string command_tag() const;
  const pg_result* raw() const { return result_.get(); }

 private:
  static void clear(pg_result* result);
  std::unique_ptr<pg_result, void (*)(pg_result*)> result_;
};

using Parameter = std::optional<std::string>;  // nothing is NULL

class Connection {
 public:
  // Throws Error{transient|permission|config}; the message names host, port, database and user, never the
  // password.
  explicit Connection(const ConnectOptions& options);

  // One statement with parameters $1… as text. Throws SqlError.
  Result query(std::string_view sql, std::span<const Parameter> parameters = {},
               std::chrono::milliseconds deadline = std::chrono::seconds(30));
  Result query(std::string_view sql, std::initializer_list<Parameter> parameters,
               std::chrono::milliseconds deadline = std::chrono::seconds(30)) {
    return query(sql, std::span(parameters.begin(), parameters.size()), deadline);
  }
  // Several statements in one text, without parameters; the last one's result. Also for walsender commands.
  Result run(std::string_view sql, std::chrono::milliseconds deadline = std::chrono::seconds(30));

  // COPY … TO STDOUT: `sink` gets each CopyData message's payload as it comes. `deadline` is for the whole.
  void copy_out(std::string_view sql, const std::function<void(std::string_view)>& sink,
                std::chrono::milliseconds deadline);

  // COPY … FROM STDIN: begin, any number of puts (each waits for the socket), end. The number of rows copied.
  void copy_in_begin(std::string_view sql);
  void copy_in_put(std::string_view bytes);
  std::int64_t copy_in_end(std::chrono::milliseconds deadline = std::chrono::seconds(60));

  int server_version() const;  // as PQserverVersion: 150018
  pg_conn* raw() const { return connection_.get(); }
  // "host:port/database as user", for messages.
  const std::string& where() const { return where_; }

  // Waits until the socket is readable (or, with `write`, writable). False when `timeout` passed.
  bool wait(bool write, std::chrono::milliseconds timeout) const;

 private:
  Result collect(std::chrono::steady_clock::time_point deadline, std::string_view sql);
  void flush(std::chrono::steady_clock::time_point deadline);
  [[noreturn]] void lost(std::string_view doing);
  [[noreturn]] void timed_out(std::string_view doing);

  std::unique_ptr<pg_conn, void (*)(pg_conn*)> connection_;
  std::string where_;
};

// "name" and 'text' as SQL, whatever they hold.
std::string quote_identifier(std::string_view name);
std::string quote_literal(std::string_view text);
// "schema"."table"
std::string quote_table(std::string_view schema, std::string_view table);

}  // namespace freshet::postgres
