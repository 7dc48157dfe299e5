// ClickHouse's HTTP interface: one call of handle() is one request, from the credentials to the last row.
#pragma once

#include "adapter/http/server.h"
#include "base/clock.h"
#include "store/access.h"
#include "store/body.h"
#include "store/engine.h"
#include "store/reply.h"
#include "store/running.h"
#include "store/session_table.h"
#include "store/statement.h"
#include "store/vocabulary.h"

namespace freshet::store {

class Front {
 public:
  Front(const Engine& engine, Passwords passwords, const Clock& clock)
      : engine_(engine),
        passwords_(std::move(passwords)),
        vocabulary_(read_vocabulary(engine)),
        sessions_(engine, clock),
        running_(engine) {}

  // Called by many threads.
  void handle(http::Exchange& exchange);

 private:
  struct Query;

  void answer(http::Exchange& exchange, Reply& reply);
  Statistics run(Query& query);
  Statistics run_insert(Query& query, const InsertHead& head, std::string_view first_data);
  Statistics run_statement(Query& query, const std::string& text);
  Statistics run_rows_of(Query& query, const Statement& statement);
  Statistics run_other(Query& query, const Statement& statement);

  const Engine& engine_;
  const Passwords passwords_;
  const Vocabulary vocabulary_;
  SessionTable sessions_;
  Running running_;
};

}  // namespace freshet::store
