#include "adapter/postgres/connection.h"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include <charconv>

#include "adapter/postgres/sql_error.h"

namespace freshet::postgres {
namespace {

using SteadyClock = std::chrono::steady_clock;

// Whatever the database or the role sets: the form of values, and of the names of types.
constexpr const char* kSessionOptions =
    "-c datestyle=ISO -c intervalstyle=iso_8601 -c timezone=UTC -c extra_float_digits=3 -c bytea_output=hex "
    "-c quote_all_identifiers=off";

std::chrono::milliseconds left_until(SteadyClock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now());
  return std::max(left, std::chrono::milliseconds(0));
}

std::string text_of(const char* text) {
  return text == nullptr ? "" : text;
}

std::string describe(const PGconn* connection) {
  return fmt::format("{}:{}/{} as {}", text_of(PQhost(connection)), text_of(PQport(connection)),
                     text_of(PQdb(connection)), text_of(PQuser(connection)));
}

PGconn* connect(const ConnectOptions& options) {
  const std::string session =
      options.statement_timeout.count() > 0
          ? fmt::format("{} -c statement_timeout={}", kSessionOptions, options.statement_timeout.count())
          : kSessionOptions;
  const std::string timeout = std::to_string(
      std::max<long>(2, std::chrono::duration_cast<std::chrono::seconds>(options.connect_timeout).count()));
  const char* keys[] = {"dbname",
                        "application_name",
                        "client_encoding",
                        "options",
                        "connect_timeout",
                        "replication",
                        "tcp_user_timeout",
                        "keepalives_idle",
                        "fallback_application_name",
                        nullptr};
  const char* values[] = {options.url.c_str(),
                          options.purpose.c_str(),
                          "UTF8",
                          session.c_str(),
                          timeout.c_str(),
                          options.replication ? "database" : nullptr,
                          "30000",
                          "30",
                          "freshet",
                          nullptr};
  return PQconnectdbParams(keys, values, 1);
}

}  // namespace

void Result::clear(pg_result* result) {
  PQclear(result);
}
int Result::rows() const {
  return PQntuples(result_.get());
}
int Result::columns() const {
  return PQnfields(result_.get());
}
bool Result::is_null(int row, int column) const {
  return PQgetisnull(result_.get(), row, column) != 0;
}
std::string Result::command_tag() const {
  return PQcmdStatus(result_.get());
}

std::string_view Result::text(int row, int column) const {
  return {PQgetvalue(result_.get(), row, column),
          static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

std::optional<std::string_view> Result::value(int row, int column) const {
  if (is_null(row, column)) return std::nullopt;
  return text(row, column);
}

std::int64_t Result::integer(int row, int column) const {
  const std::string_view digits = text(row, column);
  std::int64_t number = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (failed != std::errc() || end != digits.data() + digits.size()) {
    throw Error(ErrorKind::data, fmt::format("the server answered '{}' where a number belongs", digits));
  }
  return number;
}

Connection::Connection(const ConnectOptions& options) : connection_(connect(options), &PQfinish) {
  where_ = describe(connection_.get());
  if (PQstatus(connection_.get()) != CONNECTION_OK) throw connect_error(connection_.get(), where_);
  PQsetnonblocking(connection_.get(), 1);
}

int Connection::server_version() const {
  return PQserverVersion(connection_.get());
}

bool Connection::wait(bool write, std::chrono::milliseconds timeout) const {
  pollfd socket{PQsocket(connection_.get()), static_cast<short>(write ? POLLIN | POLLOUT : POLLIN), 0};
  return poll(&socket, 1, static_cast<int>(timeout.count())) > 0;
}

void Connection::lost(std::string_view doing) {
  throw SqlError(
      ErrorKind::in_doubt,
      fmt::format("the connection to PostgreSQL at {} was lost during: {}", where_, shorten(doing)), "", "");
}

void Connection::timed_out(std::string_view doing) {
  if (PGcancel* cancel = PQgetCancel(connection_.get())) {
    char reason[256];
    PQcancel(cancel, reason, sizeof reason);
    PQfreeCancel(cancel);
  }
  connection_.reset();
  throw SqlError(ErrorKind::in_doubt,
                 fmt::format("PostgreSQL at {} didn't answer in time: {}", where_, shorten(doing)), "", "");
}

void Connection::flush(SteadyClock::time_point deadline) {
  for (;;) {
    const int unsent = PQflush(connection_.get());
    if (unsent == 0) return;
    if (unsent < 0) lost("sending");
    if (!wait(true, left_until(deadline))) timed_out("sending");
    if (PQconsumeInput(connection_.get()) == 0) lost("sending");
  }
}

// All results of what was sent; the last one, or the first that isn't done.
Result Connection::collect(SteadyClock::time_point deadline, std::string_view sql) {
  flush(deadline);
  PGresult* last = nullptr;
  for (;;) {
    while (PQisBusy(connection_.get())) {
      if (!wait(false, left_until(deadline))) {
        PQclear(last);
        timed_out(sql);
      }
      if (PQconsumeInput(connection_.get()) == 0) {
        PQclear(last);
        lost(sql);
      }
    }
    PGresult* result = PQgetResult(connection_.get());
    if (result == nullptr) break;
    const bool keep_first_failure = last != nullptr && PQresultStatus(last) == PGRES_FATAL_ERROR;
    PQclear(keep_first_failure ? result : last);
    if (!keep_first_failure) last = result;
    const ExecStatusType status = PQresultStatus(last);
    if (status == PGRES_COPY_OUT || status == PGRES_COPY_IN || status == PGRES_COPY_BOTH) break;
  }
  Result result(last);
  if (last == nullptr) lost(sql);
  if (PQresultStatus(last) == PGRES_FATAL_ERROR) throw sql_error(last, where_, sql);
  return result;
}

Result Connection::query(std::string_view sql, std::span<const Parameter> parameters,
                         std::chrono::milliseconds deadline) {
  const std::string text(sql);
  std::vector<const char*> values;
  values.reserve(parameters.size());
  for (const Parameter& parameter : parameters) values.push_back(parameter ? parameter->c_str() : nullptr);
  if (connection_ == nullptr ||
      PQsendQueryParams(connection_.get(), text.c_str(), static_cast<int>(values.size()), nullptr,
                        values.data(), nullptr, nullptr, 0) == 0) {
    lost(sql);
  }
  return collect(SteadyClock::now() + deadline, sql);
}

Result Connection::run(std::string_view sql, std::chrono::milliseconds deadline) {
  const std::string text(sql);
  if (connection_ == nullptr || PQsendQuery(connection_.get(), text.c_str()) == 0) lost(sql);
  return collect(SteadyClock::now() + deadline, sql);
}

void Connection::copy_out(std::string_view sql, const std::function<void(std::string_view)>& sink,
                          std::chrono::milliseconds deadline) {
  const auto until = SteadyClock::now() + deadline;
  run(sql, deadline);
  for (;;) {
    char* data = nullptr;
    const int size = PQgetCopyData(connection_.get(), &data, 1);
    if (size > 0) {
      const std::unique_ptr<char, void (*)(void*)> owner(data, &PQfreemem);
      sink({data, static_cast<std::size_t>(size)});
      continue;
    }
    if (size == -1) break;
    if (size == -2) lost(sql);
    if (!wait(false, left_until(until))) timed_out(sql);
    if (PQconsumeInput(connection_.get()) == 0) lost(sql);
  }
  collect(until, sql);
}

void Connection::copy_in_begin(std::string_view sql) {
  run(sql);
}

void Connection::copy_in_put(std::string_view bytes) {
  const auto until = SteadyClock::now() + std::chrono::seconds(60);
  for (;;) {
    const int sent = PQputCopyData(connection_.get(), bytes.data(), static_cast<int>(bytes.size()));
    if (sent == 1) break;
    if (sent < 0) lost("COPY");
    if (!wait(true, left_until(until))) timed_out("COPY");
  }
  if (PQflush(connection_.get()) < 0) lost("COPY");
}

std::int64_t Connection::copy_in_end(std::chrono::milliseconds deadline) {
  const auto until = SteadyClock::now() + deadline;
  while (PQputCopyEnd(connection_.get(), nullptr) == 0) {
    if (!wait(true, left_until(until))) timed_out("end of COPY");
  }
  const Result result = collect(until, "end of COPY");
  const std::string_view count = PQcmdTuples(const_cast<PGresult*>(result.raw()));
  std::int64_t rows = 0;
  std::from_chars(count.data(), count.data() + count.size(), rows);
  return rows;
}

}  // namespace freshet::postgres
