// The text of one request's statement, which may stand in the URL, in the body, or in both. Of an INSERT
// whose data follows it, only as much of the body is read as brings its head.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "store/body.h"
#include "store/statement.h"

namespace freshet::store {

// A statement's text, also that of an INSERT … VALUES. More data than this comes in a FORMAT.
inline constexpr std::size_t kMaxStatementBytes = 16u << 20;

struct QueryText {
  std::string sql;
  std::optional<InsertHead> insert;  // then the data goes on in the body
};

// `in_url`: what the parameter `query` says. ClickHouseError for a text that is too long.
QueryText read_text(const std::string& in_url, Body& body);

// What of an INSERT's own text belongs to the data: nothing, when that is only its semicolon.
std::string_view data_in(const QueryText& text);

}  // namespace freshet::store
