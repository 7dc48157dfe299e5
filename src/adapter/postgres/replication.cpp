#include "adapter/postgres/replication.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include "adapter/postgres/sql_error.h"
#include "base/bytes.h"

namespace freshet::postgres {
namespace {

// PostgreSQL counts from 2000-01-01.
constexpr std::int64_t kPostgresEpoch = 946'684'800'000'000;

ConnectOptions as_walsender(ConnectOptions options) {
  options.replication = true;
  return options;
}

// The replication grammar knows no escapes but the doubled quote.
std::string option_value(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted += c;
    quoted += c;
  }
  return quoted += "'";
}

Received parse(std::string_view bytes) {
  ByteReader from(bytes);
  switch (const char kind = from.le<char>()) {
    case 'w': {
      const Lsn lsn(from.be<std::uint64_t>());
      from.bytes(16);  // the WAL's end, the same again for logical slots, and the server's clock
      return WalData{lsn, from.bytes(from.left())};
    }
    case 'k': {
      const Lsn end(from.be<std::uint64_t>());
      from.bytes(8);  // the server's clock
      return KeepAlive{end, from.le<char>() != 0};
    }
    default:
      throw Error(ErrorKind::data,
                  fmt::format("unknown replication message {:#04x}", static_cast<unsigned char>(kind)));
  }
}

}  // namespace

Replication::Replication(ConnectOptions options)
    : connection_(as_walsender(std::move(options))), message_(nullptr, &PQfreemem) {}

SystemIdentity Replication::identify() {
  const Result row = connection_.run("IDENTIFY_SYSTEM");
  SystemIdentity identity;
  identity.system_id = row.text(0, 0);
  identity.timeline = static_cast<std::uint32_t>(row.integer(0, 1));
  identity.flushed = parse_lsn(row.text(0, 2));
  identity.database = row.text(0, 3);
  return identity;
}

std::chrono::milliseconds Replication::sender_timeout() {
  const Result row = connection_.run("SELECT setting FROM pg_settings WHERE name = 'wal_sender_timeout'");
  return std::chrono::milliseconds(row.integer(0, 0));
}

Lsn Replication::create_slot(std::string_view slot, std::chrono::milliseconds deadline) {
  const Result row = connection_.run(
      fmt::format("CREATE_REPLICATION_SLOT {} LOGICAL pgoutput NOEXPORT_SNAPSHOT", quote_identifier(slot)),
      deadline);
  return parse_lsn(row.text(0, 1));
}

void Replication::start(std::string_view slot, Lsn from,
                        const std::map<std::string, std::string>& plugin_options) {
  std::string options;
  for (const auto& [name, value] : plugin_options) {
    options +=
        fmt::format("{}{} {}", options.empty() ? "" : ", ", quote_identifier(name), option_value(value));
  }
  connection_.run(fmt::format("START_REPLICATION SLOT {} LOGICAL {} ({})", quote_identifier(slot),
                              to_string(from), options));
}

std::optional<Received> Replication::next() {
  char* bytes = nullptr;
  int size = PQgetCopyData(connection_.raw(), &bytes, 1);
  if (size == 0) {
    if (PQconsumeInput(connection_.raw()) == 0) ended();
    size = PQgetCopyData(connection_.raw(), &bytes, 1);
  }
  if (size == 0) return std::nullopt;
  if (size < 0) ended();
  message_.reset(bytes);
  return parse({bytes, static_cast<std::size_t>(size)});
}

bool Replication::wait(std::chrono::milliseconds timeout) const {
  return connection_.wait(false, timeout);
}

void Replication::report(Lsn received, const std::optional<Durable<Lsn>>& durable, WallTime now,
                         bool ask_for_reply) {
  const std::uint64_t flushed = durable ? durable->get().value() : 0;
  std::string status = "r";
  append_be(status, received.value());
  append_be(status, flushed);
  append_be(status, flushed);  // applied
  append_be(status, static_cast<std::int64_t>(now.time_since_epoch().count()) - kPostgresEpoch);
  status.push_back(ask_for_reply ? 1 : 0);
  const int put = PQputCopyData(connection_.raw(), status.data(), static_cast<int>(status.size()));
  if (put < 0 || PQflush(connection_.raw()) < 0) ended();
}

// The server's own words where it had any.
void Replication::ended() {
  PGresult* result = PQgetResult(connection_.raw());
  if (result != nullptr && PQresultStatus(result) == PGRES_FATAL_ERROR) {
    const SqlError error = sql_error(result, connection_.where(), "START_REPLICATION");
    PQclear(result);
    throw error;
  }
  PQclear(result);
  throw SqlError(ErrorKind::transient,
                 fmt::format("PostgreSQL at {} ended the replication stream", connection_.where()), "", "");
}

}  // namespace freshet::postgres
