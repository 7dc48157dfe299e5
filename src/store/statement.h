// One statement of a client: what kind it is, which part of its text is SQL, and whether clients may run it
// at all. The embedded engine has no sandbox and runs whatever a text holds, so every text passes here first.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "store/access.h"
#include "store/engine.h"
#include "store/vocabulary.h"

namespace freshet::store {

// The head of an INSERT whose data follows the text (or the FORMAT clause within it).
struct InsertHead {
  std::string sql;  // without FORMAT
  std::string format;
  std::size_t data_begin;  // in the text given
};

// The head when `text` is, or begins with, such an INSERT; `text` may be cut at its end, then it's asked
// again with more. VALUES isn't meant: its data is SQL.
std::optional<InsertHead> find_insert_head(std::string_view text, bool is_whole);

struct Statement {
  enum class Kind {
    rows,     // reads only, has a result
    session,  // SET, USE, CHECK GRANT: changes the session alone, or nothing
    write,    // changes what is stored
    control,  // KILL, SYSTEM, ATTACH: changes what the server does
  };
  Kind kind;
  std::string sql;              // for `rows` without its FORMAT clause
  std::string format;           // of its FORMAT clause, else empty
  std::string settings_clause;  // what followed the FORMAT clause
  bool is_insert;
};

// Who asks, under which query id.
struct Asker {
  User user;
  const std::string& query_id;
  const Vocabulary& vocabulary;
};

// ClickHouseError: it doesn't parse, is more than one statement, or one that clients may not run.
Statement understand(std::string_view text, const Asker& asker, Connection& connection);
// The same for an INSERT whose data comes apart; its text as it may run.
std::string understand_insert(const InsertHead& head, const Asker& asker, Connection& connection);

}  // namespace freshet::store
