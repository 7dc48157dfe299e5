#include "load/row_binary.h"

#include <fmt/format.h>

#include <algorithm>

#include "adapter/clickhouse/quote.h"

namespace freshet::load {

std::string to_sql(Version version) {
  std::string digits;
  for (UInt128 left = version.bits(); left != 0 || digits.empty(); left /= 10)
    digits.push_back(static_cast<char>('0' + static_cast<int>(left % 10)));
  std::ranges::reverse(digits);
  return "toUInt128('" + digits + "')";
}

std::string text_set(std::span<const std::string> texts) {
  std::string bytes;
  for (const std::string& text : texts) append_text(bytes, text);
  return fmt::format("(SELECT k FROM format(RowBinary, 'k String', {}))", clickhouse::quote_literal(bytes));
}

const clickhouse::With kLargeStatement{.settings = {{"max_query_size", "1073741824"}}};

}  // namespace freshet::load
