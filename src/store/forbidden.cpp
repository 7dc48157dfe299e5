#include "store/forbidden.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "adapter/http/request.h"
#include "store/clickhouse_error.h"

namespace freshet::store {
namespace {

using http::equal_ignoring_case;

constexpr std::array<std::string_view, 2> kSafeSources{"CLICKHOUSE", "NULL"};
constexpr std::array<std::string_view, 7> kSourceKeys{"DB",     "HOST",  "PASSWORD", "PORT",
                                                      "SECURE", "TABLE", "USER"};
// Formats that evaluate SQL they find in data, or read a file of their own.
constexpr std::array<std::string_view, 2> kFormatsWithSql{"Values", "Template"};

[[noreturn]] void refuse(std::string_view what) {
  throw ClickHouseError(code::kAccessDenied, "ACCESS_DENIED",
                        fmt::format("{} is not allowed for clients", what));
}

bool is_among(std::string_view name, const auto& names) {
  return std::ranges::any_of(
      names, [&](std::string_view candidate) { return equal_ignoring_case(name, candidate); });
}

// A position in the tokens; outside of them it is nothing.
class Cursor {
 public:
  Cursor(const std::vector<Token>& tokens, std::string_view sql, std::size_t at)
      : tokens_(tokens), sql_(sql), at_(at) {}

  Cursor operator+(std::size_t steps) const { return {tokens_, sql_, at_ + steps}; }
  Cursor operator-(std::size_t steps) const { return {tokens_, sql_, at_ - steps}; }  // wraps to nothing
  bool word(std::string_view text) const { return is_there() && is_word(token(), sql_, text); }
  bool symbol(char text) const { return is_there() && is_symbol(token(), sql_, text); }
  bool at_end() const { return !is_there(); }
  bool is(Token::Kind kind) const { return is_there() && token().kind == kind; }
  // Of a word, quoted name or string; quoting doesn't hide a function, and a format may be any of them.
  std::string name() const {
    const bool has_one = is(Token::Kind::word) || is(Token::Kind::quoted_name);
    return has_one ? name_of(token(), sql_) : std::string();
  }
  std::string text() const { return is(Token::Kind::string) ? name_of(token(), sql_) : name(); }
  bool heredoc() const { return is(Token::Kind::string) && sql_[token().begin] == '$'; }

 private:
  bool is_there() const { return at_ < tokens_.size(); }
  const Token& token() const { return tokens_[at_]; }

  const std::vector<Token>& tokens_;
  std::string_view sql_;
  std::size_t at_;
};

void check_start(const Cursor& at) {
  for (const std::string_view word : {"EXECUTE", "BACKUP", "RESTORE", "COPY", "SNAPSHOT"}) {
    if (at.word(word)) refuse(word);
  }
  if (at.word("SET") && ((at + 1).word("ROLE") || ((at + 1).word("DEFAULT") && (at + 2).word("ROLE")))) {
    refuse("SET ROLE (send the parameter `role`)");
  }
}

// "INSERT INTO a.file (…" and "CREATE TABLE a.file (…" name a table.
bool is_target(const Cursor& at) {
  const Cursor before = (at - 1).symbol('.') ? at - 3 : at - 1;
  if (before.word("INTO")) return true;
  if (before.word("EXISTS")) return (before - 1).word("NOT");
  return before.word("TABLE") && ((before - 1).word("CREATE") || (before - 1).word("REPLACE") ||
                                  (before - 1).word("TEMPORARY") || (before - 1).word("INTO"));
}

// Names and types only, written out: a column's default is SQL, and an expression could put one together.
void check_structure(const Cursor& at) {
  const std::string columns = at.text();
  bool has_default = false;
  for (const Token& token : tokenize(columns)) {
    for (const std::string_view word : {"DEFAULT", "MATERIALIZED", "ALIAS", "EPHEMERAL"})
      has_default |= is_word(token, columns, word);
  }
  const bool is_whole = (at + 1).symbol(',') || (at + 1).symbol(')');
  if (!at.is(Token::Kind::string) || at.heredoc() || !is_whole || has_default)
    refuse("A list of columns other than a text of names and types");
}

// Of a dictionary's source: QUERY, WHERE and the like hold SQL as a text.
void check_source(const Cursor& at) {
  if (!is_among(at.name(), kSafeSources)) refuse("A dictionary from " + at.name());
  if (!(at + 1).symbol('(')) return;
  for (std::size_t key = 2; !(at + key).symbol(')') && !(at + key).at_end(); key += 2) {
    if (!is_among((at + key).name(), kSourceKeys)) refuse("A dictionary's source with " + (at + key).name());
  }
}

void check_function(const Cursor& at, const Vocabulary& vocabulary) {
  const std::string name = at.name();
  if (vocabulary.is_closed_function(name) && !is_target(at)) refuse("The function " + name);
  if (equal_ignoring_case(name, "input")) check_structure(at + 2);
  if (!equal_ignoring_case(name, "format")) return;
  // The name of the format has to stand there itself: an expression could put it together.
  const Cursor format = at + 2;
  const bool is_plain =
      !format.text().empty() && !format.heredoc() && ((format + 1).symbol(',') || (format + 1).symbol(')'));
  if (!is_plain || is_among(format.text(), kFormatsWithSql)) refuse("The function format with this format");
  const bool is_pattern = format.text().find('{') != std::string::npos;  // then it's the plain function
  const bool is_data = (format + 2).is(Token::Kind::string) && (format + 3).symbol(')');
  if (!is_pattern && !is_data) check_structure(format + 2);
}

void check_here(const Cursor& at, const Vocabulary& vocabulary) {
  if (at.is(Token::Kind::unclear)) {
    throw ClickHouseError(code::kSyntaxError, "SYNTAX_ERROR",
                          "Outside of quotes a statement may hold visible ASCII characters and blanks only, "
                          "and no bare dollar sign");
  }
  if (at.word("INTO") && (at + 1).word("OUTFILE")) refuse("INTO OUTFILE");
  if (at.word("FROM") && (at + 1).word("INFILE")) refuse("FROM INFILE");
  const Cursor target = (at + 1).word("TABLE") ? at + 2 : at + 1;
  if (at.word("INTO") && target.word("FUNCTION")) refuse("INSERT INTO FUNCTION");
  if ((at + 1).symbol('(')) check_function(at, vocabulary);
  const Cursor applied = (at + 1).symbol('(') ? at + 2 : at + 1;
  if (at.word("APPLY") && vocabulary.is_closed_function(applied.name()))
    refuse("The function " + applied.name());
  if (at.word("SOURCE") && (at + 1).symbol('(')) check_source(at + 2);
  const Cursor engine = (at + 1).symbol('=') ? at + 2 : at + 1;
  if (at.word("ENGINE") && vocabulary.is_closed_engine(engine.name())) refuse("The engine " + engine.name());
}

}  // namespace

void refuse_closed_setting(std::string_view name, const Vocabulary& vocabulary, User user) {
  if (vocabulary.is_closed_setting(name, user)) refuse(fmt::format("The setting {}", name));
}

bool names_setting(const std::vector<Token>& tokens, std::string_view sql, std::size_t index) {
  const Cursor at(tokens, sql, index);
  if (!(at + 1).symbol('=')) return false;
  const Cursor before = at - 1;
  return before.word("SETTINGS") || before.word("SET") || before.symbol(',') ||
         (before.symbol('(') && (before - 1).word("SETTINGS"));
}

void refuse_forbidden(const std::vector<Token>& tokens, std::string_view sql, const Vocabulary& vocabulary,
                      User user) {
  check_start(Cursor(tokens, sql, 0));
  for (std::size_t at = 0; at < tokens.size(); ++at) {
    const Cursor here(tokens, sql, at);
    check_here(here, vocabulary);
    if (names_setting(tokens, sql, at)) refuse_closed_setting(here.name(), vocabulary, user);
  }
}

}  // namespace freshet::store
