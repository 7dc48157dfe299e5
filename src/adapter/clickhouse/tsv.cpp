#include "adapter/clickhouse/tsv.h"

#include "base/error.h"

namespace freshet::clickhouse {
namespace {

char unescaped(char c) {
  switch (c) {
    case '0': return '\0';
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return c;
  }
}

Cell parse_cell(std::string_view text) {
  if (text == "\\N") return std::nullopt;
  std::string value;
  value.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size())
      value += unescaped(text[++i]);
    else
      value += text[i];
  }
  return value;
}

std::vector<Cell> parse_line(std::string_view line) {
  std::vector<Cell> cells;
  for (std::size_t tab = 0; tab != std::string_view::npos;) {
    tab = line.find('\t');
    cells.push_back(parse_cell(line.substr(0, tab)));
    if (tab != std::string_view::npos) line.remove_prefix(tab + 1);
  }
  return cells;
}

}  // namespace

Rows parse_tsv(std::string_view tsv) {
  Rows rows;
  while (!tsv.empty()) {
    const std::size_t end = tsv.find('\n');
    if (end == std::string_view::npos)
      throw Error(ErrorKind::data, "an answer of ClickHouse ends in the middle of a line");
    rows.push_back(parse_line(tsv.substr(0, end)));
    tsv.remove_prefix(end + 1);
  }
  return rows;
}

}  // namespace freshet::clickhouse
