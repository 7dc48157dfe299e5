#include "store/lexer.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <system_error>

#include "adapter/http/request.h"

namespace freshet::store {
namespace {

bool is_letter(char letter) {
  return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_' ||
         static_cast<unsigned char>(letter) >= 0x80;
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
      if (std::isspace(static_cast<unsigned char>(sql_[at_])) != 0 || sql_[at_] == '\0')
        ++at_;
      else if (starts_with("--") || starts_with("# ") || starts_with("#!"))
        skip_past("\n");
      else if (starts_with("/*"))
        at_ += 2, skip_past("*/");
      else
        return true;
    }
    return false;
  }

  Token next() {
    const std::size_t begin = at_;
    const char first = sql_[at_];
    if (first == '\'') return closed(Token::Kind::string, begin, first);
    if (first == '"' || first == '`') return closed(Token::Kind::quoted_name, begin, first);
    if (first == '$' && skip_heredoc()) return {Token::Kind::string, begin, at_, depth_};
    if (std::isdigit(static_cast<unsigned char>(first)) != 0)
      return run_of_letters(Token::Kind::number, begin);
    if (is_letter(first)) return run_of_letters(Token::Kind::word, begin);
    ++at_;
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

  // $tag$ … $tag$
  bool skip_heredoc() {
    const std::size_t close = sql_.find('$', at_ + 1);
    if (close == std::string_view::npos) return false;
    const std::string_view tag = sql_.substr(at_, close + 1 - at_);
    if (!std::ranges::all_of(tag.substr(1, tag.size() - 2), is_letter)) return false;
    if (sql_.find(tag, close + 1) == std::string_view::npos) return false;
    at_ = close + 1;
    skip_past(tag);
    return true;
  }

  Token run_of_letters(Token::Kind kind, std::size_t begin) {
    while (at_ < sql_.size() && (is_letter(sql_[at_]) || sql_[at_] == '$')) ++at_;
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
  if (token.kind != Token::Kind::quoted_name) return std::string(text);
  const char quote = text.front();
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
