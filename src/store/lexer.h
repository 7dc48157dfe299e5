// ClickHouse's SQL cut into tokens, as far as the store must know a statement's shape: where FORMAT and the
// data of an INSERT begin, and whether it names something that clients may not reach. The engine's own parser
// judges the rest.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace freshet::store {

struct Token {
  // unclear: what ClickHouse may read in another way than we do. No statement with it may run, because what
  // is text for us could be SQL for the engine.
  enum class Kind { word, quoted_name, string, number, symbol, unclear };
  Kind kind;
  std::size_t begin;
  std::size_t end;  // one past
  int depth;        // of round brackets around it
};

// Tokens without blanks and comments. A string or comment that isn't closed reaches to the end of the text.
std::vector<Token> tokenize(std::string_view sql);

inline std::string_view text_of(const Token& token, std::string_view sql) {
  return sql.substr(token.begin, token.end - token.begin);
}

// A bare word, whatever its case.
bool is_word(const Token& token, std::string_view sql, std::string_view word);
bool is_symbol(const Token& token, std::string_view sql, char symbol);

// The name that a word or quoted name stands for, or what a quoted string holds.
std::string name_of(const Token& token, std::string_view sql);

}  // namespace freshet::store
