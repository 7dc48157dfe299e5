// Reading ClickHouse's TSV (TabSeparated) answers: small results only; rows in bulk travel as RowBinary or
// Native.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace freshet::clickhouse {

// A value, or nothing for NULL (\N).
using Cell = std::optional<std::string>;
using Rows = std::vector<std::vector<Cell>>;

// Throws Error{data} when the last line has no end (a cut answer).
Rows parse_tsv(std::string_view tsv);

}  // namespace freshet::clickhouse
