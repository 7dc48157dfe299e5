#include "adapter/postgres/sql_error.h"

#include <fmt/format.h>
#include <libpq-fe.h>

namespace freshet::postgres {
namespace {

struct Policy {
  std::string_view prefix;  // of the SQLSTATE
  ErrorKind kind;
};

// The first match counts: single codes before their classes
// (https://www.postgresql.org/docs/15/errcodes-appendix.html).
constexpr Policy kPolicies[] = {
    {"42501", ErrorKind::permission}, {"28", ErrorKind::permission},
    {"55006", ErrorKind::transient},  // object in use: another walsender still holds the slot
    {"55000", ErrorKind::config},     // wal_level, slot invalidated
    {"57014", ErrorKind::transient},  // statement timeout
    {"57P", ErrorKind::transient},    // shutting down, starting up, crash recovery
    {"53", ErrorKind::capacity},      {"54", ErrorKind::capacity},
    {"40", ErrorKind::transient},     {"55P03", ErrorKind::transient},
    {"08", ErrorKind::transient},     {"42", ErrorKind::schema},
    {"3D", ErrorKind::config},        {"3F", ErrorKind::schema},
    {"22", ErrorKind::data},          {"23", ErrorKind::data},
    {"58", ErrorKind::transient},     {"XX", ErrorKind::transient},
    {"0A", ErrorKind::unsupported},
};

ErrorKind kind_of(std::string_view sqlstate) {
  for (const Policy& policy : kPolicies) {
    if (sqlstate.starts_with(policy.prefix)) return policy.kind;
  }
  return ErrorKind::config;
}

std::string field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? "" : text;
}

std::string one_line(std::string_view text) {
  std::string line(text);
  while (!line.empty() && (line.back() == '\n' || line.back() == ' ')) line.pop_back();
  for (char& c : line) {
    if (c == '\n' || c == '\t') c = ' ';
  }
  return line;
}

}  // namespace

std::string shorten(std::string_view sql) {
  constexpr std::size_t kLength = 120;
  std::string line = one_line(sql.substr(0, kLength));
  if (sql.size() > kLength) line += "…";
  return line;
}

SqlError sql_error(const pg_result* result, const std::string& where, std::string_view sql) {
  const std::string sqlstate = field(result, PG_DIAG_SQLSTATE);
  const std::string primary = field(result, PG_DIAG_MESSAGE_PRIMARY);
  if (sqlstate.empty()) {
    return SqlError(
        ErrorKind::in_doubt,
        fmt::format("{} during: {}, at {}", one_line(PQresultErrorMessage(result)), shorten(sql), where), "",
        "");
  }
  return SqlError(kind_of(sqlstate),
                  fmt::format("{} [{}] during: {}, at {}", primary, sqlstate, shorten(sql), where),
                  field(result, PG_DIAG_MESSAGE_HINT), sqlstate);
}

SqlError connect_error(const pg_conn* connection, const std::string& where) {
  const std::string message = one_line(PQerrorMessage(connection));
  const auto says = [&](std::string_view what) { return message.find(what) != std::string::npos; };
  ErrorKind kind = ErrorKind::transient;
  std::string hint;
  if (says("authentication failed") || says("no password supplied")) {
    kind = ErrorKind::permission;
    hint =
        "set the password: FRESHET_SOURCE_PASSWORD (freshet init reads it, source.password in pipeline.yaml "
        "refers to it), or a line in ~/.pgpass";
  } else if (says("pg_hba.conf"))
    kind = ErrorKind::permission;
  else if (says("does not exist") || says("invalid connection option") || says("missing \"=\""))
    kind = ErrorKind::config;
  else if (says("too many clients") || says("remaining connection slots"))
    kind = ErrorKind::capacity;
  return SqlError(kind, fmt::format("can't connect to PostgreSQL at {}: {}", where, message), std::move(hint),
                  "");
}

}  // namespace freshet::postgres
