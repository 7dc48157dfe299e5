#include "store/front.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/log.h"
#include "store/forbidden.h"
#include "store/hello.h"
#include "store/query_text.h"
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
  for (const auto& [name, value] : request.settings) refuse_closed_setting(name, vocabulary_, user);
  std::optional<Running::Ticket> ticket(std::in_place, running_, request.query_id);
  Body body(exchange);

  std::unique_ptr<SessionTable::Lease> lease;
  std::optional<Workspace> own;
  if (request.session_id.empty())
    own.emplace(engine_, user);
  else
    lease = sessions_.acquire(user, request);
  Query query{exchange, reply, user, request, body, lease ? lease->workspace() : *own};
  Statistics statistics;
  try {
    statistics = run(query);
  } catch (...) {
    if (lease) query.workspace.recover();
    throw;
  }
  // Who has the whole answer may come again at once, in the same session and with the same id.
  lease.reset();
  ticket.reset();
  reply.finish(statistics);
}

Statistics Front::run(Query& query) {
  query.workspace.prepare(query.request);
  const QueryText text = read_text(query.request.query, query.body);
  if (text.insert) return run_insert(query, *text.insert, data_in(text));
  return run_statement(query, text.sql);
}

Statistics Front::run_insert(Query& query, const InsertHead& head, std::string_view first_data) {
  refuse_writing(query.user, query.request);
  Connection& connection = query.workspace.connection();
  const std::string sql =
      understand_insert(head, {query.user, query.request.query_id, vocabulary_}, connection);
  InsertStream stream = connection.insert(sql, head.format, query.request.parameters);
  if (!first_data.empty()) stream.append(first_data);
  std::string part(kPartBytes, '\0');
  while (const std::size_t got = query.body.read(part)) stream.append(std::string_view(part).substr(0, got));
  return stream.finish();
}

Statistics Front::run_statement(Query& query, const std::string& text) {
  if (query.request.native_protocol && is_hello(text)) {
    query.reply.set_format("Native");
    query.reply.write(hello_block(engine_));
    return {.result_rows = 1};
  }
  const Statement statement =
      understand(text, {query.user, query.request.query_id, vocabulary_}, query.workspace.connection());
  if (statement.kind == Statement::Kind::rows) return run_rows_of(query, statement);
  if (statement.kind != Statement::Kind::session) refuse_writing(query.user, query.request);
  return run_other(query, statement);
}

Statistics Front::run_rows_of(Query& query, const Statement& statement) {
  const QueryRequest& request = query.request;
  const std::string& format = statement.format.empty() ? request.default_format : statement.format;
  query.reply.set_format(format);
  const RowsCall call{query.workspace.connection(), statement.sql, format, statement.settings_clause,
                      request.parameters};
  return run_rows(
      call, query.exchange, [&](std::string_view rows) { query.reply.write(rows); },
      [&] { running_.kill(request.query_id); });
}

// A client that leaves ends its INSERT … SELECT; DDL goes on, as on a server.
Statistics Front::run_other(Query& query, const Statement& statement) {
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
  return statistics;
}

}  // namespace freshet::store
