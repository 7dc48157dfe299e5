#include "store/statement.h"

#include <algorithm>
#include <array>
#include <span>

#include "adapter/http/request.h"
#include "store/forbidden.h"
#include "store/lexer.h"

namespace freshet::store {
namespace {

ClickHouseError several_statements() {
  return ClickHouseError(code::kSyntaxError, "SYNTAX_ERROR", "Multi-statements are not allowed");
}

bool begins_with(const std::vector<Token>& tokens, std::string_view sql, auto... words) {
  const std::array<std::string_view, sizeof...(words)> wanted{words...};
  if (tokens.size() < wanted.size()) return false;
  return std::ranges::equal(
      wanted, std::span(tokens).first(wanted.size()),
      [&](std::string_view word, const Token& token) { return is_word(token, sql, word); });
}

// The index behind "INSERT INTO [TABLE] name[.name]", where FORMAT and VALUES are no names any more.
std::size_t after_insert_target(const std::vector<Token>& tokens, std::string_view sql) {
  std::size_t at = 1;
  while (at < tokens.size() && (is_word(tokens[at], sql, "INTO") || is_word(tokens[at], sql, "TABLE"))) ++at;
  ++at;
  while (at + 1 < tokens.size() && is_symbol(tokens[at], sql, '.')) at += 2;
  return at;
}

// "After FORMAT X": blanks, then at most one line feed. Any further byte is data, also one that looks blank:
// a Native block of ten columns begins with 0x0A.
std::size_t skip_to_data(std::string_view text, std::size_t at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
  if (text.substr(at).starts_with("\r\n")) return at + 2;
  return at < text.size() && text[at] == '\n' ? at + 1 : at;
}

std::string_view without_semicolons(std::string_view sql, const std::vector<Token>& tokens) {
  std::size_t end = sql.size();
  for (auto token = tokens.rbegin(); token != tokens.rend() && is_symbol(*token, sql, ';'); ++token)
    end = token->begin;
  return sql.substr(0, end);
}

// The engine's parser says what it minds without running anything.
[[noreturn]] void throw_parser_error(std::string_view sql, Connection& connection) {
  try {
    connection.query("SELECT formatQuery(" + string_literal(sql) + ")");
  } catch (const ClickHouseError& error) {
    const std::string_view message = error.what();
    const std::size_t end = message.find(": In scope SELECT formatQuery(");
    const std::size_t name = message.rfind(" (");
    if (end == std::string_view::npos || name < end) throw;
    throw ClickHouseError::of_engine(std::string(message.substr(0, end)) + std::string(message.substr(name)));
  }
  throw ClickHouseError(code::kSyntaxError, "SYNTAX_ERROR", "Syntax error");
}

// What the one statement does.
chdb_query_class classify(const std::vector<Token>& tokens, std::string_view sql, Connection& connection) {
  if (tokens.empty()) throw ClickHouseError(code::kSyntaxError, "SYNTAX_ERROR", "Empty query");
  const Analysis analysis = connection.analyze(sql);
  if (analysis.statements > 1) throw several_statements();
  if (analysis.kind == CHDB_QUERY_UNKNOWN) throw_parser_error(sql, connection);
  return analysis.kind;
}

// A log_comment of the statement's own would hide its query from KILL: it carries the query id.
std::string with_own_log_comment(std::string_view sql, std::string_view query_id) {
  const std::vector<Token> tokens = tokenize(sql);
  std::string out;
  std::size_t copied = 0;
  for (std::size_t at = 0; at < tokens.size(); ++at) {
    if (name_of(tokens[at], sql) != "log_comment" || !names_setting(tokens, sql, at)) continue;
    std::size_t value = at + 1;
    while (value < tokens.size() && is_symbol(tokens[value], sql, '=')) ++value;
    if (value == tokens.size() || tokens[value].kind == Token::Kind::symbol)
      throw ClickHouseError(code::kBadArguments, "BAD_ARGUMENTS", "The setting log_comment takes a literal");
    out += sql.substr(copied, tokens[value].begin - copied);
    out += string_literal(query_id);
    copied = tokens[value].end;
  }
  out += sql.substr(copied);
  return out;
}

struct FormatClause {
  std::size_t begin;
  std::string name;
  std::string rest;  // SETTINGS …
};

// The last "FORMAT name" that ends the statement or is followed by SETTINGS.
std::optional<FormatClause> find_format(const std::vector<Token>& tokens, std::string_view sql) {
  for (std::size_t at = tokens.size(); at-- > 1;) {
    const bool is_clause = tokens[at].kind == Token::Kind::word && tokens[at].depth == 0 &&
                           is_word(tokens[at - 1], sql, "FORMAT") && tokens[at - 1].depth == 0;
    if (!is_clause) continue;
    const bool is_last = at + 1 == tokens.size() || is_word(tokens[at + 1], sql, "SETTINGS");
    if (!is_last) return std::nullopt;
    return FormatClause{tokens[at - 1].begin, std::string(text_of(tokens[at], sql)),
                        std::string(sql.substr(tokens[at].end))};
  }
  return std::nullopt;
}

// The engine knows our query ids as log_comment. SYNC could wait for minutes on an insert that waits for its
// client.
std::string translate_kill(const std::vector<Token>& tokens, std::string_view sql) {
  std::string out;
  std::size_t copied = 0;
  const auto replace = [&](const Token& token, std::string_view by) {
    out += sql.substr(copied, token.begin - copied);
    out += by;
    copied = token.end;
  };
  for (const Token& token : tokens) {
    const bool is_name = token.kind == Token::Kind::word || token.kind == Token::Kind::quoted_name;
    if (is_name && name_of(token, sql) == "query_id")
      replace(token, "Settings['log_comment']");
    else if (is_word(token, sql, "SYNC"))
      replace(token, "ASYNC");
  }
  out += sql.substr(copied);
  return out;
}

// EXPLAIN, SHOW and the like have their own place for SETTINGS, and the engine finds it: only FORMAT is taken
// out.
Statement rows_statement(std::string_view sql, const std::vector<Token>& tokens, Connection& connection) {
  Statement statement{Statement::Kind::rows, std::string(sql), {}, {}, false};
  const std::optional<FormatClause> format = find_format(tokens, sql);
  if (!format) return statement;
  const std::string_view bare = sql.substr(0, format->begin);
  // "ORDER BY format DESC" is no clause: what stands before it isn't a statement.
  if (connection.analyze(bare).kind != CHDB_QUERY_READ_ONLY) return statement;
  statement.sql = bare;
  statement.format = format->name;
  statement.settings_clause = format->rest;
  return statement;
}

}  // namespace

std::optional<InsertHead> find_insert_head(std::string_view text, bool is_whole) {
  const std::vector<Token> tokens = tokenize(text);
  if (!begins_with(tokens, text, "INSERT")) return std::nullopt;
  for (std::size_t at = after_insert_target(tokens, text); at + 1 < tokens.size(); ++at) {
    if (tokens[at].depth > 0) continue;
    for (const std::string_view word : {"VALUES", "SELECT", "WITH", "FROM", "WATCH"}) {
      if (is_word(tokens[at], text, word)) return std::nullopt;
    }
    const Token& name = tokens[at + 1];
    if (!is_word(tokens[at], text, "FORMAT") || name.kind != Token::Kind::word) continue;
    if (is_word(name, text, "VALUES")) return std::nullopt;
    // More text could still lengthen the name, or bring the line feed that belongs to the clause.
    const std::size_t data_begin = skip_to_data(text, name.end);
    if (data_begin == text.size() && !is_whole && !text.ends_with('\n')) return std::nullopt;
    return InsertHead{std::string(text.substr(0, tokens[at].begin)), std::string(text_of(name, text)),
                      data_begin};
  }
  return std::nullopt;
}

Statement understand(std::string_view text, const Asker& asker, Connection& connection) {
  const std::string own = with_own_log_comment(text, asker.query_id);
  const std::string_view sql = without_semicolons(own, tokenize(own));
  const std::vector<Token> tokens = tokenize(sql);
  refuse_forbidden(tokens, sql, asker.vocabulary, asker.user);
  const chdb_query_class kind = classify(tokens, sql, connection);
  if (begins_with(tokens, sql, "KILL", "QUERY")) {
    return {Statement::Kind::control, translate_kill(tokens, sql), {}, {}, false};
  }
  // CHECK GRANT has rows, and no place for INTO OUTFILE.
  if (begins_with(tokens, sql, "SET") || begins_with(tokens, sql, "USE") ||
      begins_with(tokens, sql, "CHECK", "GRANT")) {
    return {Statement::Kind::session, std::string(sql), {}, {}, false};
  }
  switch (kind) {
    case CHDB_QUERY_READ_ONLY: return rows_statement(sql, tokens, connection);
    case CHDB_QUERY_CONTROL: return {Statement::Kind::control, std::string(sql), {}, {}, false};
    case CHDB_QUERY_MUTATING:
    case CHDB_QUERY_MUTATING_GLOBAL:
    case CHDB_QUERY_UNKNOWN: break;
  }
  const bool is_insert =
      std::ranges::any_of(tokens, [&](const Token& token) { return is_word(token, sql, "INSERT"); });
  return {Statement::Kind::write, std::string(sql), {}, {}, is_insert};
}

std::string understand_insert(const InsertHead& head, const Asker& asker, Connection& connection) {
  std::string sql = with_own_log_comment(head.sql, asker.query_id);
  const std::string whole = sql + " FORMAT " + head.format;
  const std::vector<Token> tokens = tokenize(whole);
  refuse_forbidden(tokens, whole, asker.vocabulary, asker.user);
  classify(tokens, whole, connection);
  return sql;
}

}  // namespace freshet::store
