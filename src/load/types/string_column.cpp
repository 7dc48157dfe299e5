#include "load/types/string_column.h"

namespace freshet::load {

std::optional<Unfit> StringBuilder::append(const Field& field) {
  std::string_view text;
  bool null = false;
  if (const std::optional<Unfit> unfit = source_.read(field, text)) {
    null = nulls_.nullable() && *unfit == Unfit::null;
    if (!null) return unfit;
  }
  texts_.push(text);
  nulls_.push(null);
  return std::nullopt;
}

void StringBuilder::append_default() {
  texts_.push({});
  nulls_.push(true);
}

void StringBuilder::append_mirror(ByteReader& row_binary) {
  const bool null = nulls_.nullable() && row_binary.le<std::uint8_t>() != 0;
  texts_.push(null ? std::string_view() : row_binary.bytes(row_binary.varint()));
  nulls_.push(null);
}

void StringBuilder::truncate(std::size_t rows) {
  if (texts_.rows() > rows) texts_.truncate(rows);
  nulls_.truncate(rows);
}

void StringBuilder::write_data(std::string& to) const {
  nulls_.write(to);
  texts_.write(to);
}

std::optional<Unfit> LowCardinalityBuilder::append(const Field& field) {
  std::string_view text;
  if (const std::optional<Unfit> unfit = source_.read(field, text)) {
    if (!nullable_ || *unfit != Unfit::null) return unfit;
    texts_.push_null();
    return std::nullopt;
  }
  texts_.push(text);
  return std::nullopt;
}

void LowCardinalityBuilder::append_default() {
  texts_.push_null();
}

void LowCardinalityBuilder::append_mirror(ByteReader& row_binary) {
  if (nullable_ && row_binary.le<std::uint8_t>() != 0)
    texts_.push_null();
  else
    texts_.push(row_binary.bytes(row_binary.varint()));
}

void LowCardinalityBuilder::truncate(std::size_t rows) {
  if (texts_.rows() > rows) texts_.truncate(rows);
}

}  // namespace freshet::load
