#include "fuzz/statement_checks.h"

#include <algorithm>
#include <optional>
#include <string>

#include "base/check.h"
#include "store/clickhouse_error.h"
#include "store/forbidden.h"
#include "store/statement.h"

namespace freshet::fuzz {
namespace {

using namespace store;

const Vocabulary& vocabulary() {
  static const Vocabulary names({"file", "url", "numbers", "sqlite", "format"},
                                {"File", "MergeTree", "Executable", "Atomic"},
                                {"format_schema", "dialect", "log_comment", "insert_deduplication_token"});
  return names;
}

// The code of the refusal; nothing: the statement may run.
std::optional<int> verdict(const std::vector<Token>& tokens, std::string_view sql, User user) try {
  refuse_forbidden(tokens, sql, vocabulary(), user);
  return std::nullopt;
} catch (const ClickHouseError& error) {
  return error.code();
}

bool is_clear(const std::vector<Token>& tokens) {
  return std::ranges::none_of(tokens, [](const Token& token) { return token.kind == Token::Kind::unclear; });
}

// A token reads the same alone, and so does what lies between two: as nothing.
void check_pieces(const std::vector<Token>& tokens, std::string_view sql) {
  std::size_t at = 0;
  for (const Token& token : tokens) {
    CHECK(at <= token.begin && token.begin < token.end && token.end <= sql.size());
    CHECK(tokenize(sql.substr(at, token.begin - at)).empty());
    at = token.end;
    name_of(token, sql);
  }
  CHECK(tokenize(sql.substr(at)).empty());
}

// The same tokens with one blank between each two.
std::string with_blanks(const std::vector<Token>& tokens, std::string_view sql) {
  std::string out;
  for (const Token& token : tokens) (out += text_of(token, sql)) += ' ';
  return out;
}

}  // namespace

void check_statement(std::string_view sql) {
  const std::vector<Token> tokens = tokenize(sql);
  if (!is_clear(tokens)) {
    CHECK(verdict(tokens, sql, User::owner).has_value());
    return;
  }
  check_pieces(tokens, sql);
  const std::string spaced = with_blanks(tokens, sql);
  const std::vector<Token> again = tokenize(spaced);
  // "- -" and "1 .5" aside, blanks don't change what a clear text is cut into.
  if (again.size() != tokens.size()) return;
  for (const User user : {User::owner, User::reader})
    CHECK(verdict(tokens, sql, user) == verdict(again, spaced, user));
}

void check_insert_head(std::string_view text) {
  const std::optional<InsertHead> whole = find_insert_head(text, true);
  if (!whole) return;
  CHECK(whole->data_begin <= text.size());
  CHECK(text.starts_with(whole->sql));
  const std::string_view head = text.substr(0, whole->data_begin);
  if (!is_clear(tokenize(whole->sql))) return;
  const std::optional<InsertHead> part = find_insert_head(head, true);
  CHECK(part && part->sql == whole->sql && part->format == whole->format);
  CHECK(part->data_begin == whole->data_begin);
}

}  // namespace freshet::fuzz
