#include "store/front.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/log.h"
#include "store/hello.h"
#include "store/lexer.h"
#include "store/watched_call.h"

namespace freshet::store {

// One request in work.
struct Front::Query {
  http::Exchange& exchange;
  Reply& reply;
  const User user;
  const QueryRequest& request;
  Body& body;
  Workspace& workspace;
};

namespace {

// A statement's text, also that of an INSERT … VALUES. More data than this comes in a FORMAT.
constexpr std::size_t kMaxStatementBytes = 16u << 20;
constexpr std::size_t kPartBytes = 256u << 10;

bool is_health_check(const http::Request& request) {
  if (request.path == "/ping" || request.path == "/replicas_status") return true;
  return request.path == "/" && request.method != "POST" && request.parameter("query") == nullptr;
}

// The reader's role forbids writing anyway; but inside the engine all are one user, and that one could stop
// the others' queries and merges.
void refuse_writing(User user, const QueryRequest& request) {
  if (user == User::reader) {
    throw ClickHouseError(code::kAccessDenied, "ACCESS_DENIED",
                          "reader: Not enough privileges: this user may only read");
  }
  if (!request.read_only) return;
  throw ClickHouseError(
      code::kReadonly, "READONLY",
      "Cannot execute query in readonly mode. For queries over HTTP, method GET implies readonly. "
      "You should use method POST for modifying queries");
}

struct Text {
  std::string sql;
  std::optional<InsertHead> insert;
};

// The statement, from the URL, the body or both; of an INSERT with data only as much as brings its head.
Text read_text(const QueryRequest& request, Body& body) {
  Text text{request.query, find_insert_head(request.query, true)};
  std::string part(kPartBytes, '\0');
  std::size_t looked_at = 0;
  while (!text.insert) {
    const std::size_t got = body.read(part);
    if (got == 0) break;
    if (looked_at == 0 && !text.sql.empty()) text.sql += '\n';
    text.sql.append(part, 0, got);
    if (text.sql.size() > kMaxStatementBytes) {
      throw ClickHouseError(
          code::kQueryIsTooLarge, "QUERY_IS_TOO_LARGE",
          fmt::format("The statement is longer than {} bytes; send data in a FORMAT", kMaxStatementBytes));
    }
    if (text.sql.size() < looked_at * 2) continue;  // so that a long text isn't cut into tokens over and over
    looked_at = text.sql.size();
    text.insert = find_insert_head(text.sql, false);
  }
  if (!text.insert) text.insert = find_insert_head(text.sql, true);
  return text;
}

// What of the statement's own text belongs to the data: nothing, when that is only its semicolon.
std::string_view data_in(const Text& text) {
  const std::string_view data = std::string_view(text.sql).substr(text.insert->data_begin);
  return data.find_first_not_of("; \r\n\t") == std::string_view::npos ? std::string_view() : data;
}

}  // namespace

void Front::handle(http::Exchange& exchange) {
  if (is_health_check(exchange.request())) {
    return exchange.respond(200, {{"Content-Type", "text/html; charset=UTF-8"}}, "Ok.\n");
  }
  Reply reply(exchange, engine_);
  try {
    answer(exchange, reply);
  } catch (const ClickHouseError& error) {
    reply.fail(error);
  }
}

void Front::answer(http::Exchange& exchange, Reply& reply) {
  const http::Request& http = exchange.request();
  if (http.path != "/") return exchange.respond(404, {}, "There is no handle " + http.path + "\n");
  const User user = authenticate(http, passwords_);
  const QueryRequest request = read_query_request(http);
  reply.know(request);
  const Running::Ticket ticket(running_, request.query_id);
  Body body(exchange);

  std::unique_ptr<SessionTable::Lease> lease;
  std::optional<Workspace> own;
  if (request.session_id.empty())
    own.emplace(engine_, user);
  else
    lease = sessions_.acquire(user, request);
  Query query{exchange, reply, user, request, body, lease ? lease->workspace() : *own};
  try {
    run(query);
  } catch (...) {
    if (lease) query.workspace.recover();
    throw;
  }
}

void Front::run(Query& query) {
  query.workspace.prepare(query.request);
  const Text text = read_text(query.request, query.body);
  if (text.insert)
    run_insert(query, *text.insert, data_in(text));
  else
    run_statement(query, text.sql);
}

void Front::run_insert(Query& query, const InsertHead& head, std::string_view first_data) {
  refuse_writing(query.user, query.request);
  Connection& connection = query.workspace.connection();
  check_insert(head, connection);
  InsertStream stream = connection.insert(head.sql, head.format, query.request.parameters);
  if (!first_data.empty()) stream.append(first_data);
  std::string part(kPartBytes, '\0');
  while (const std::size_t got = query.body.read(part)) stream.append(std::string_view(part).substr(0, got));
  query.reply.finish(stream.finish());
}

void Front::run_statement(Query& query, const std::string& text) {
  if (query.request.native_protocol && is_hello(text)) {
    query.reply.set_format("Native");
    query.reply.write(hello_block(engine_));
    return query.reply.finish({.result_rows = 1});
  }
  const Statement statement = understand(text, query.workspace.connection());
  if (statement.kind == Statement::Kind::rows) return run_rows_of(query, statement);
  if (statement.kind != Statement::Kind::session) refuse_writing(query.user, query.request);
  run_other(query, statement);
}

void Front::run_rows_of(Query& query, const Statement& statement) {
  const QueryRequest& request = query.request;
  const std::string& format = statement.format.empty() ? request.default_format : statement.format;
  query.reply.set_format(format);
  const RowsCall call{query.workspace.connection(), statement.sql, format, statement.settings_clause,
                      request.parameters};
  query.reply.finish(run_rows(
      call, query.exchange, [&](std::string_view rows) { query.reply.write(rows); },
      [&] { running_.kill(request.query_id); }));
}

// A client that leaves ends its INSERT … SELECT; DDL goes on, as on a server.
void Front::run_other(Query& query, const Statement& statement) {
  const QueryRequest& request = query.request;
  std::optional<Result> result;
  WatchedCall call([&] {
    result.emplace(
        query.workspace.connection().query(statement.sql, request.default_format, request.parameters));
    return result->statistics();
  });
  const Statistics statistics = wait_watching(call, query.exchange, [&] {
    if (statement.is_insert) running_.kill(request.query_id);
  });
  if (!result->bytes().empty()) query.reply.set_format(request.default_format);
  query.reply.write(result->bytes());
  query.reply.finish(statistics);
}

}  // namespace freshet::store
