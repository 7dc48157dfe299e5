#include "load/types/key.h"

#include <fmt/format.h>

#include <algorithm>

namespace freshet::load {
namespace {

std::size_t position_of(const contract::ColumnContract& key, const TableSchema& schema) {
  const auto found = std::ranges::find(schema.columns, key.name, &Column::name);
  if (found == schema.columns.end())
    throw Error(ErrorKind::schema,
                fmt::format("{} comes without its key column '{}'", stream_name(schema), key.name),
                "add the column to the publication's column list");
  return static_cast<std::size_t>(found - schema.columns.begin());
}

MirrorColumn key_column(const contract::ColumnContract& key) {
  if (!contract::usable_as_key(key.type))
    throw Error(ErrorKind::config,
                fmt::format("column '{}' of type {} can't be part of a key", key.name, key.type.name));
  MirrorColumn column = mirror_column(key);
  column.nullable = false;
  column.null_when = {};
  // A dictionary's indexes depend on what came before.
  if (column.type.kind == MirrorKind::low_cardinality) column.type.kind = MirrorKind::string;
  return column;
}

}  // namespace

KeyEncoder::KeyEncoder(const contract::StreamContract& contract, const TableSchema& schema) {
  for (const contract::ColumnContract* key : contract.key()) {
    positions_.push_back(position_of(*key, schema));
    columns_.push_back(make_builder(schema.columns[positions_.back()].type, key_column(*key)));
  }
  if (columns_.empty())
    throw Error(ErrorKind::config, fmt::format("the contract of {} has no key", stream_name(schema)));
}

std::optional<Unfit> KeyEncoder::append_key(std::string_view tuple, std::string& to) {
  fields_.clear();
  for (TupleReader reader(tuple); !reader.at_end();) fields_.push_back(reader.next());
  const std::size_t before = to.size();
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (positions_[i] >= fields_.size()) throw Error(ErrorKind::data, "a tuple lacks its key");
    if (const std::optional<Unfit> unfit = columns_[i]->append(fields_[positions_[i]])) {
      to.resize(before);
      return unfit;
    }
    // One value of a column in Native delimits itself: a fixed size, or its length first.
    columns_[i]->write_data(to);
    columns_[i]->truncate(0);
  }
  return std::nullopt;
}

}  // namespace freshet::load
