#include "adapter/clickhouse/quote.h"

namespace freshet::clickhouse {
namespace {

// ClickHouse's lexer and its TSV reader know the same escapes; `quote` is the character that ends the text.
void append_escaped(std::string& to, std::string_view text, char quote) {
  for (const char c : text) {
    switch (c) {
      case '\\': to += "\\\\"; break;
      case '\0': to += "\\0"; break;
      case '\b': to += "\\b"; break;
      case '\f': to += "\\f"; break;
      case '\n': to += "\\n"; break;
      case '\r': to += "\\r"; break;
      case '\t': to += "\\t"; break;
      default:
        if (c == quote) to += '\\';
        to += c;
    }
  }
}

std::string quoted(std::string_view text, char quote) {
  std::string result;
  result.reserve(text.size() + 2);
  result += quote;
  append_escaped(result, text, quote);
  result += quote;
  return result;
}

}  // namespace

std::string quote_identifier(std::string_view name) {
  return quoted(name, '`');
}

std::string quote_table(std::string_view database, std::string_view table) {
  return quote_identifier(database) + "." + quote_identifier(table);
}

std::string quote_literal(std::string_view text) {
  return quoted(text, '\'');
}

std::string quote_array(std::span<const std::string> texts) {
  std::string result = "[";
  for (const std::string& text : texts) {
    if (result.size() > 1) result += ',';
    result += quote_literal(text);
  }
  return result + "]";
}

std::string escape_tsv(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  append_escaped(result, text, '\\');  // the backslash is escaped anyway: no quote to mind
  return result;
}

}  // namespace freshet::clickhouse
