// Identifiers, literals and parameter values in ClickHouse's SQL. Names may be any text: mixed case,
// keywords, spaces, dots, quotes, backslashes, non-ASCII.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace freshet::clickhouse {

// order -> `order`
std::string quote_identifier(std::string_view name);
// ("raw", "my.table") -> `raw`.`my.table`
std::string quote_table(std::string_view database, std::string_view table);
// it's -> 'it\'s'; any bytes.
std::string quote_literal(std::string_view text);
// ['a','b']: for a parameter {keys:Array(String)}, or in SQL.
std::string quote_array(std::span<const std::string> texts);
// The form in which param_x carries a String: as in TSV. Other types (numbers, arrays) go as they are.
std::string escape_tsv(std::string_view text);

}  // namespace freshet::clickhouse
