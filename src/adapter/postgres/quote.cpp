#include "adapter/postgres/connection.h"

namespace freshet::postgres {
namespace {

std::string doubled(std::string_view text, char quote) {
  std::string quoted(1, quote);
  for (const char c : text) {
    if (c == quote) quoted += quote;
    quoted += c;
  }
  return quoted += quote;
}

}  // namespace

std::string quote_identifier(std::string_view name) {
  return doubled(name, '"');
}

std::string quote_literal(std::string_view text) {
  std::string literal = doubled(text, '\'');
  if (text.find('\\') == std::string_view::npos) return literal;
  std::string escaped = " E";
  for (const char c : literal) {
    if (c == '\\') escaped += c;
    escaped += c;
  }
  return escaped;
}

std::string quote_table(std::string_view schema, std::string_view table) {
  return quote_identifier(schema) + "." + quote_identifier(table);
}

}  // namespace freshet::postgres
