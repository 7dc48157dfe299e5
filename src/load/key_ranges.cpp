#include "load/key_ranges.h"

#include <fmt/format.h>

#include "adapter/clickhouse/quote.h"

namespace freshet::load {
namespace {

using clickhouse::quote_identifier;
using clickhouse::quote_literal;

// The first value of each portion but the first, ascending, as text.
clickhouse::Rows boundaries(Session& session, const std::string& column, const std::string& index,
                            std::uint64_t rows) {
  return session.rows(
      fmt::format("SELECT toString(boundary) FROM (SELECT DISTINCT min(value) AS boundary FROM "
                  "(SELECT {} AS value, intDiv(sum(rows_in_granule) OVER (ORDER BY value), {}) AS portion "
                  "FROM {}) WHERE portion > 0 GROUP BY portion) ORDER BY boundary",
                  column, rows, index));
}

}  // namespace

std::vector<std::string> key_ranges(Session& session, const Mirror& mirror, const std::string& database,
                                    std::uint64_t rows) {
  const MirrorColumn& first = mirror.columns[mirror.key.front()];
  const std::string column = quote_identifier(first.name);
  const std::string index =
      fmt::format("mergeTreeIndex({}, {})", quote_literal(database), quote_literal(mirror.name()));
  std::vector<std::string> ranges;
  std::string above = "1";
  for (const auto& row : boundaries(session, column, index, rows)) {
    const std::string boundary =
        fmt::format("CAST({}, {})", quote_literal(*row[0]), quote_literal(first.clickhouse_type()));
    ranges.push_back(fmt::format("{} AND {} < {}", above, column, boundary));
    above = fmt::format("{} >= {}", column, boundary);
  }
  ranges.push_back(above);
  return ranges;
}

}  // namespace freshet::load
