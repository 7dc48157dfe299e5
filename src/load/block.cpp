#include "load/block.h"

#include <fmt/format.h>

#include <algorithm>

#include "adapter/clickhouse/quote.h"
#include "base/error.h"

namespace freshet::load {
namespace {

constexpr std::size_t kNone = ~std::size_t{0};

std::size_t position_in(const TableSchema& schema, const std::string& column) {
  const auto found = std::ranges::find(schema.columns, column, &Column::name);
  if (found == schema.columns.end())
    throw Error(ErrorKind::schema, fmt::format("{} comes without column '{}'", stream_name(schema), column),
                "compare the contract with the table: freshet init drafts it anew into an empty folder");
  return static_cast<std::size_t>(found - schema.columns.begin());
}

bool is_null(const Value& value, const MirrorColumn& column) {
  return value.held ? column.nullable && value.field.bytes.starts_with('\1') : value.field.null();
}

std::optional<Unfit> append_value(ColumnBuilder& builder, const Value& value) {
  if (!value.held) return builder.append(value.field);
  ByteReader reader(value.field.bytes);
  builder.append_mirror(reader);
  return std::nullopt;
}

}  // namespace

Block::Block(const Mirror& mirror, const TableSchema& schema) : mirror_(mirror), schema_(schema) {
  to_mirror_.assign(schema.columns.size(), kNone);
  in_key_.assign(mirror.columns.size(), false);
  for (const std::size_t column : mirror.key) in_key_[column] = true;
  for (std::size_t i = 0; i < mirror.columns.size(); ++i) {
    from_schema_.push_back(position_in(schema, mirror.columns[i].name));
    to_mirror_[from_schema_.back()] = i;
    columns_.push_back(builder(i, false));
  }
  for (const std::size_t column : mirror.lookups) {
    Lookup lookup{{column}, {}};
    for (const std::size_t key : mirror.key)
      if (key != column) lookup.sources.push_back(key);
    for (const std::size_t source : lookup.sources) lookup.columns.push_back(builder(source, true));
    lookups_.push_back(std::move(lookup));
  }
  fields_.resize(mirror.columns.size());
  values_.resize(mirror.columns.size());
}

std::unique_ptr<ColumnBuilder> Block::builder(std::size_t column, bool not_null) const {
  MirrorColumn of = mirror_.columns[column];
  if (not_null) of.nullable = false;
  if (not_null) of.null_when = {};
  return make_builder(schema_.columns[from_schema_[column]].type, of);
}

std::span<const Field> Block::fields(std::string_view tuple) {
  TupleReader reader(tuple);
  for (const std::size_t column : to_mirror_) {
    const Field field = reader.next();
    if (column != kNone) fields_[column] = field;
  }
  if (!reader.at_end())
    throw Error(ErrorKind::data,
                fmt::format("a tuple of {} has more fields than its schema", mirror_.stream));
  return fields_;
}

std::optional<Refusal> Block::append(const RowHead& head, std::string_view tuple) {
  fields(tuple);
  if (const std::optional<Refusal> refusal = append_values()) return finish(head, refusal);
  if (!lookups_.empty()) {
    for (std::size_t i = 0; i < fields_.size(); ++i) values_[i] = {false, fields_[i]};
    append_lookups(values_);
  }
  return finish(head, std::nullopt);
}

std::optional<Refusal> Block::examine(std::string_view tuple) {
  fields(tuple);
  const std::optional<Refusal> refusal = append_values();
  for (const auto& column : columns_) column->truncate(rows());
  return refusal && refusal->why != Unfit::unchanged ? refusal : std::nullopt;
}

// Into as many columns as take theirs.
std::optional<Refusal> Block::append_values() {
  std::optional<Refusal> unsent;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const std::optional<Unfit> unfit = columns_[i]->append(fields_[i]);
    if (!unfit) continue;
    if (unfit != Unfit::unchanged) return Refusal{i, *unfit};
    unsent = Refusal{i, *unfit};
  }
  return unsent;
}

std::optional<Refusal> Block::append_tombstone(const RowHead& head, std::string_view tuple) {
  fields(tuple);
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (!in_key_[i])
      columns_[i]->append_default();
    else if (const std::optional<Unfit> unfit = columns_[i]->append(fields_[i]))
      return finish(head, Refusal{i, *unfit});
  }
  return finish(head, std::nullopt);
}

std::optional<Refusal> Block::append(const RowHead& head, std::span<const Value> values) {
  for (std::size_t i = 0; i < columns_.size(); ++i)
    if (const std::optional<Unfit> unfit = append_value(*columns_[i], values[i]))
      return finish(head, Refusal{i, *unfit});
  append_lookups(values);
  return finish(head, std::nullopt);
}

// A row goes into all columns or into none.
std::optional<Refusal> Block::finish(const RowHead& head, std::optional<Refusal> refusal) {
  if (refusal) {
    for (const auto& column : columns_) column->truncate(rows());
    return refusal;
  }
  versions_.push(head.version.bits());
  deleted_.push(head.deleted);
  committed_at_.push(head.committed_at);
  return std::nullopt;
}

// What the mirror has as NULL, for want of a value or by the contract's leave, is looked up by nobody.
void Block::append_lookups(std::span<const Value> values) {
  for (Lookup& lookup : lookups_) {
    const std::size_t before = lookup.columns[0]->rows();
    for (std::size_t i = 0; i < lookup.columns.size(); ++i) {
      const MirrorColumn& column = mirror_.columns[lookup.sources[i]];
      Value value = values[lookup.sources[i]];
      bool takes = !is_null(value, column);
      if (takes && value.held && column.nullable) value.field.bytes.remove_prefix(1);
      takes = takes && !append_value(*lookup.columns[i], value);
      if (takes) continue;
      for (const auto& other : lookup.columns) other->truncate(before);
      break;
    }
  }
}

std::size_t Block::bytes() const {
  std::size_t bytes = rows() * 25;
  for (const auto& column : columns_) bytes += column->bytes();
  return bytes;
}

std::size_t Block::nulled() const {
  std::size_t count = 0;
  for (const auto& column : columns_) count += column->nulled();
  return count;
}

void Block::clear() {
  bytes_max_ = std::max(bytes_max_, bytes());
  for (const auto& column : columns_) column->clear();
  for (const Lookup& lookup : lookups_)
    for (const auto& column : lookup.columns) column->clear();
  versions_.clear();
  deleted_.clear();
  committed_at_.clear();
}

std::string Block::insert_columns(const Mirror& mirror) {
  return mirror.column_list() + ",_version,_deleted,_round,_committed_at";
}

void Block::write(std::string& to, std::uint64_t round) const {
  to.reserve(to.size() + bytes() + 64 * columns_.size());
  std::size_t count = 4;
  for (const auto& column : columns_) count += column->column().definitions().size();
  clickhouse::native::BlockWriter block(to, count, rows());
  for (const auto& column : columns_) column->write_to(block);
  versions_.write(block.column("_version", "UInt128"));
  deleted_.write(block.column("_deleted", "UInt8"));
  clickhouse::native::FixedColumn<std::uint64_t> rounds;
  rounds.push_times(rows(), round);
  rounds.write(block.column("_round", "UInt64"));
  committed_at_.write(block.column("_committed_at", "DateTime64(6, 'UTC')"));
}

void Block::write_lookup(std::string& to, std::size_t index) const {
  const Lookup& lookup = lookups_[index];
  std::size_t count = 0;
  for (const auto& column : lookup.columns) count += column->column().definitions().size();
  clickhouse::native::BlockWriter block(to, count, lookup.columns[0]->rows());
  for (const auto& column : lookup.columns) column->write_to(block);
}

}  // namespace freshet::load
