#include "store/query_text.h"

#include <fmt/format.h>

#include "store/clickhouse_error.h"

namespace freshet::store {
namespace {

constexpr std::size_t kPartBytes = 256u << 10;

}  // namespace

QueryText read_text(const std::string& in_url, Body& body) {
  QueryText text{in_url, find_insert_head(in_url, true)};
  std::string part(kPartBytes, '\0');
  std::size_t looked_at = 0;
  while (!text.insert) {
    const std::size_t got = body.read(part);
    if (got == 0) break;
    if (looked_at == 0 && !text.sql.empty()) text.sql += '\n';
    text.sql.append(part, 0, got);
    if (text.sql.size() > kMaxStatementBytes) {
      throw ClickHouseError(
          code::kQueryIsTooLarge, "QUERY_IS_TOO_LARGE",
          fmt::format("The statement is longer than {} bytes; send data in a FORMAT", kMaxStatementBytes));
    }
    if (text.sql.size() < looked_at * 2) continue;  // so that a long text isn't cut into tokens over and over
    looked_at = text.sql.size();
    text.insert = find_insert_head(text.sql, false);
  }
  if (!text.insert) text.insert = find_insert_head(text.sql, true);
  return text;
}

std::string_view data_in(const QueryText& text) {
  const std::string_view data = std::string_view(text.sql).substr(text.insert->data_begin);
  return data.find_first_not_of("; \r\n\t") == std::string_view::npos ? std::string_view() : data;
}

}  // namespace freshet::store
