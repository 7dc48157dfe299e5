#include "store/forbidden.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "adapter/http/request.h"
#include "store/clickhouse_error.h"

namespace freshet::store {
namespace {

using http::equal_ignoring_case;

constexpr std::array<std::string_view, 2> kFileFunctions{"file", "executable"};
constexpr std::array<std::string_view, 2> kSafeSources{"CLICKHOUSE", "NULL"};
// Both run whatever they name, as the engine's own process.
constexpr std::array<std::string_view, 2> kProgramEngines{"Executable", "ExecutablePool"};

[[noreturn]] void refuse(std::string_view what) {
  throw ClickHouseError(code::kAccessDenied, "ACCESS_DENIED",
                        fmt::format("{} is not allowed for clients", what));
}

bool is_among(std::string_view name, const std::array<std::string_view, 2>& names) {
  return std::ranges::any_of(
      names, [&](std::string_view candidate) { return equal_ignoring_case(name, candidate); });
}

// A position in the tokens; beyond the end it is nothing.
class Cursor {
 public:
  Cursor(const std::vector<Token>& tokens, std::string_view sql, std::size_t at)
      : tokens_(tokens), sql_(sql), at_(at) {}

  Cursor operator+(std::size_t steps) const { return {tokens_, sql_, at_ + steps}; }
  bool word(std::string_view text) const { return at_ < tokens_.size() && is_word(tokens_[at_], sql_, text); }
  bool symbol(char text) const { return at_ < tokens_.size() && is_symbol(tokens_[at_], sql_, text); }
  // Of a word or quoted name; quoting doesn't hide a function.
  std::string name() const {
    const bool has_one = at_ < tokens_.size() && (tokens_[at_].kind == Token::Kind::word ||
                                                  tokens_[at_].kind == Token::Kind::quoted_name);
    return has_one ? name_of(tokens_[at_], sql_) : std::string();
  }

 private:
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

void check_here(const Cursor& at) {
  if (at.word("INTO") && (at + 1).word("OUTFILE")) refuse("INTO OUTFILE");
  if (at.word("FROM") && (at + 1).word("INFILE")) refuse("FROM INFILE");
  const Cursor target = (at + 1).word("TABLE") ? at + 2 : at + 1;
  if (at.word("INTO") && target.word("FUNCTION")) refuse("INSERT INTO FUNCTION");
  if ((at + 1).symbol('(') && is_among(at.name(), kFileFunctions)) refuse("The function " + at.name());
  const Cursor applied = (at + 1).symbol('(') ? at + 2 : at + 1;
  if (at.word("APPLY") && is_among(applied.name(), kFileFunctions)) refuse("The function " + applied.name());
  if (at.word("SOURCE") && (at + 1).symbol('(') && !is_among((at + 2).name(), kSafeSources)) {
    refuse("A dictionary from " + (at + 2).name());
  }
  const Cursor engine = (at + 1).symbol('=') ? at + 2 : at + 1;
  if (at.word("ENGINE") && is_among(engine.name(), kProgramEngines)) refuse("This table engine");
}

}  // namespace

void refuse_forbidden(const std::vector<Token>& tokens, std::string_view sql) {
  check_start(Cursor(tokens, sql, 0));
  for (std::size_t at = 0; at < tokens.size(); ++at) check_here(Cursor(tokens, sql, at));
}

}  // namespace freshet::store
