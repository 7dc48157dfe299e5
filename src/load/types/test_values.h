// Values for unit tests: fields in PostgreSQL's binary form, and what a builder makes of them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "load/types/column.h"

namespace freshet::load {

template <std::integral T>
std::string be(T value) {
  std::string bytes;
  append_be(bytes, value);
  return bytes;
}

template <class T>
std::string le(T value) {
  std::string bytes;
  append_le(bytes, value);
  return bytes;
}

inline std::string counted(std::string_view text) {
  std::string bytes;
  append_varint(bytes, text.size());
  bytes += text;
  return bytes;
}

inline std::string numeric_bytes(const std::vector<std::int16_t>& digits, int weight, bool negative,
                                 int scale) {
  std::string bytes = be(static_cast<std::int16_t>(digits.size())) + be(static_cast<std::int16_t>(weight)) +
                      be(static_cast<std::int16_t>(negative ? 0x4000 : 0)) +
                      be(static_cast<std::int16_t>(scale));
  for (const std::int16_t digit : digits) bytes += be(digit);
  return bytes;
}

inline contract::ColumnContract column_of(std::string_view pg_type, bool nullable = false,
                                          std::optional<std::string> clickhouse_type = {},
                                          contract::NullWhen null_when = {}) {
  contract::ColumnContract column;
  column.name = "c";
  column.type = builtin_type(pg_type);
  column.nullable = nullable;
  column.clickhouse_type = std::move(clickhouse_type);
  column.null_when = null_when;
  return column;
}

inline std::unique_ptr<ColumnBuilder> builder_of(const contract::ColumnContract& column) {
  return make_builder(column.type, mirror_column(column));
}

inline Field text(std::string_view bytes) {
  return {Form::text, bytes};
}
inline Field binary(std::string_view bytes) {
  return {Form::binary, bytes};
}

// The Native data of a column of one value, or the word for why it doesn't fit.
inline std::string data_of(const contract::ColumnContract& column, const Field& field) {
  const std::unique_ptr<ColumnBuilder> builder = builder_of(column);
  if (const std::optional<Unfit> unfit = builder->append(field)) return std::string(to_string(*unfit));
  std::string bytes;
  builder->write_data(bytes);
  return bytes;
}
inline std::string data_of(std::string_view pg_type, const Field& field) {
  return data_of(column_of(pg_type), field);
}

}  // namespace freshet::load
