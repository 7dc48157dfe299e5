#include "store/lexer.h"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "adapter/http/request.h"

namespace freshet::store {
namespace {

bool is_digit(char letter) {
  return letter >= '0' && letter <= '9';
}

bool is_letter(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || is_digit(letter) ||
         letter == '_';
}

bool is_blank(char letter) {
  return letter == ' ' || (letter >= '\t' && letter <= '\r');
}

// Curly quotes, Unicode's blanks and minus, and control bytes are none.
bool is_visible_ascii(char letter) {
  return letter > ' ' && letter <= '~';
}

class Scanner {
 public:
  explicit Scanner(std::string_view sql) : sql_(sql) {}

  std::vector<Token> run() {
    std::vector<Token> tokens;
    while (skip_blanks_and_comments()) tokens.push_back(next());
    return tokens;
  }

 private:
  bool starts_with(std::string_view text) const { return sql_.substr(at_).starts_with(text); }

  void skip_past(std::string_view end) {
    const std::size_t found = sql_.find(end, at_);
    at_ = found == std::string_view::npos ? sql_.size() : found + end.size();
  }

  // False at the end of the text.
  bool skip_blanks_and_comments() {
    while (at_ < sql_.size()) {
      if (is_blank(sql_[at_]))
        ++at_;
      else if ((starts_with("--") && !follows_exponent()) || starts_with("//") || starts_with("# ") ||
               starts_with("#!"))
        skip_past("\n");
      else if (starts_with("/*"))
        skip_nested_comment();
      else
        return true;
    }
    return false;
  }

  void skip_nested_comment() {
    int depth = 0;
    do {
      const bool opens = starts_with("/*");
      const bool closes = starts_with("*/");
      depth += opens ? 1 : closes ? -1 : 0;
      at_ += opens || closes ? 2 : 1;
    } while (depth > 0 && at_ < sql_.size());
    at_ = std::min(at_, sql_.size());
  }

  // "1e--": the engine takes the first minus for the exponent's sign, so that no comment begins here.
  bool follows_exponent() const {
    if (at_ == 0 || std::string_view("eEpP").find(sql_[at_ - 1]) == std::string_view::npos) return false;
    std::size_t begin = at_;
    while (begin > 0 && is_letter(sql_[begin - 1])) --begin;
    return is_digit(sql_[begin]) || (begin > 0 && sql_[begin - 1] == '.');
  }

  Token next() {
    const std::size_t begin = at_;
    const char first = sql_[at_];
    if (first == '\'') return closed(Token::Kind::string, begin, first);
    if (first == '"' || first == '`') return closed(Token::Kind::quoted_name, begin, first);
    if (first == '$' && skip_heredoc()) return {Token::Kind::string, begin, at_, depth_};
    if (is_digit(first)) return run_of_letters(Token::Kind::number, begin);
    if (is_letter(first)) return run_of_letters(Token::Kind::word, begin);
    ++at_;
    if (first == '$' || !is_visible_ascii(first) || (first == '-' && starts_with("-")))
      return {Token::Kind::unclear, begin, at_, depth_};
    if (first == ')' && depth_ > 0) --depth_;
    const Token token{Token::Kind::symbol, begin, at_, depth_};
    if (first == '(') ++depth_;
    return token;
  }

  // A quote inside is doubled or escaped.
  Token closed(Token::Kind kind, std::size_t begin, char quote) {
    for (++at_; at_ < sql_.size(); ++at_) {
      if (sql_[at_] == '\\') {
        ++at_;
      } else if (sql_[at_] == quote) {
        if (at_ + 1 >= sql_.size() || sql_[at_ + 1] != quote) break;
        ++at_;
      }
    }
    at_ = std::min(at_ + 1, sql_.size());
    return {kind, begin, at_, depth_};
  }

  // $tag$ … $tag$. Behind a letter, digit or dot the dollar could belong to a name or a number.
  bool skip_heredoc() {
    if (at_ > 0 && (is_letter(sql_[at_ - 1]) || sql_[at_ - 1] == '$' || sql_[at_ - 1] == '.')) return false;
    const std::size_t close = sql_.find('$', at_ + 1);
    if (close == std::string_view::npos) return false;
    const std::string_view tag = sql_.substr(at_, close + 1 - at_);
    if (sql_.find(tag, close + 1) == std::string_view::npos) return false;
    at_ = close + 1;
    skip_past(tag);
    return true;
  }

  Token run_of_letters(Token::Kind kind, std::size_t begin) {
    while (at_ < sql_.size() && is_letter(sql_[at_])) ++at_;
    return {kind, begin, at_, depth_};
  }

  std::string_view sql_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

std::vector<Token> tokenize(std::string_view sql) {
  return Scanner(sql).run();
}

bool is_word(const Token& token, std::string_view sql, std::string_view word) {
  return token.kind == Token::Kind::word && http::equal_ignoring_case(text_of(token, sql), word);
}

bool is_symbol(const Token& token, std::string_view sql, char symbol) {
  return token.kind == Token::Kind::symbol && sql[token.begin] == symbol;
}

std::string name_of(const Token& token, std::string_view sql) {
  std::string_view text = text_of(token, sql);
  const char quote = text.front();
  const bool is_quoted = quote == '\'' || quote == '"' || quote == '`';
  if (!is_quoted) return std::string(text);
  std::string name;
  for (std::size_t at = 1; at + 1 < text.size(); ++at) {
    const bool is_escape = text[at] == '\\';
    if ((is_escape || text[at] == quote) && at + 2 < text.size()) ++at;
    unsigned code = 0;
    const bool is_hex =
        is_escape && text[at] == 'x' &&
        std::from_chars(text.data() + at + 1, text.data() + std::min(at + 3, text.size()), code, 16).ec ==
            std::errc();
    name += is_hex ? static_cast<char>(code) : text[at];
    if (is_hex) at += 2;
  }
  return name;
}

}  // namespace freshet::store
