#include "load/donors.h"

#include <fmt/format.h>

#include <algorithm>

#include "adapter/clickhouse/quote.h"
#include "base/error.h"
#include "load/row_binary.h"

namespace freshet::load {
namespace {

using clickhouse::quote_identifier;
using clickhouse::quote_literal;

// "`id` Int64, `line` Int32": the structure of key bytes.
std::string key_structure(const Mirror& mirror) {
  std::string text;
  for (const std::size_t column : mirror.key) {
    MirrorColumn plain = mirror.columns[column];
    if (plain.type.kind == MirrorKind::low_cardinality) plain.type.kind = MirrorKind::string;
    if (!text.empty()) text += ", ";
    text += quote_identifier(plain.name) + " " + plain.clickhouse_type();
  }
  return text;
}

constexpr char kHeldForm = 'm';

}  // namespace

HeldRows HeldRows::read(Session& session, const Mirror& mirror, std::span<const std::string> keys) {
  std::string bytes;
  for (const std::string& key : keys) bytes += key;
  HeldRows held;
  held.answer_ = session.select(
      fmt::format("SELECT {}, _version, _deleted FROM {} WHERE ({}) IN (SELECT {} FROM format(RowBinary, {}, "
                  "{})) FORMAT RowBinary",
                  mirror.key_bytes(), mirror.raw(), mirror.key_list(), mirror.key_list(),
                  quote_literal(key_structure(mirror)), quote_literal(bytes)),
      kLargeStatement);
  for (ByteReader from(held.answer_); !from.at_end();) {
    Row row;
    row.key = read_text(from);
    row.version = read_version(from);
    row.deleted = from.le<std::uint8_t>();
    held.rows_.push_back(std::move(row));
  }
  return held;
}

Fetched HeldRows::read_values(Session& session, const Mirror& mirror, std::span<const std::size_t> columns,
                              const std::set<std::uint32_t>& rows, std::size_t bytes_max) {
  values_.clear();
  values_answer_.clear();
  if (rows.empty()) return Fetched::all;
  std::string wanted;
  for (const std::size_t column : columns)
    wanted += fmt::format(", formatRow('RowBinary', {})", mirror.columns[column].read_back());
  std::string bytes;
  std::map<std::pair<std::string_view, Version>, std::vector<std::uint32_t>> places;
  for (const std::uint32_t row : rows) {
    bytes += rows_[row].key;
    append_version(bytes, rows_[row].version);
    places[{rows_[row].key, rows_[row].version}].push_back(row);
  }
  std::optional<std::string> answer = session.select_within(
      bytes_max,
      fmt::format("SELECT {}, _version{} FROM {} WHERE ({}, _version) IN (SELECT {}, _version FROM "
                  "format(RowBinary, {}, {})) FORMAT RowBinary",
                  mirror.key_bytes(), wanted, mirror.raw(), mirror.key_list(), mirror.key_list(),
                  quote_literal(key_structure(mirror) + ", `_version` UInt128"), quote_literal(bytes)),
      kLargeStatement);
  if (!answer) return Fetched::too_much;
  values_answer_ = std::move(*answer);
  for (ByteReader from(values_answer_); !from.at_end();) {
    const std::string_view key = read_text(from);
    const Version version = read_version(from);
    std::vector<std::string_view> values;
    for (std::size_t i = 0; i < columns.size(); ++i) values.push_back(read_text(from));
    for (const std::uint32_t row : places[{key, version}]) values_[row] = values;
  }
  const bool all = std::ranges::all_of(rows, [&](std::uint32_t row) { return values_.contains(row); });
  return all ? Fetched::all : Fetched::gone;
}

Fills Fills::read(Session& session, const Mirror& mirror, std::span<const std::string> keys, Kind kind) {
  const std::string answer = session.select(
      fmt::format("SELECT DISTINCT key, version FROM freshet.fills WHERE table = {} AND key IN {} AND "
                  "last_resort = {} FORMAT RowBinary",
                  quote_literal(mirror.name()), text_set(keys), static_cast<int>(kind)),
      kLargeStatement);
  Fills fills(kind);
  for (ByteReader from(answer); !from.at_end();) {
    std::string key(read_text(from));
    fills.recorded_.emplace(std::move(key), read_version(from));
  }
  return fills;
}

Fetched Fills::read_values(Session& session, const Mirror& mirror, const std::set<Of>& rows,
                           std::size_t bytes_max) {
  clear();
  if (rows.empty()) return Fetched::all;
  std::string wanted;
  for (const auto& [key, version] : rows) {
    append_text(wanted, key);
    append_version(wanted, version);
  }
  const std::optional<std::string> answer = session.select_within(
      bytes_max,
      fmt::format(
          "SELECT key, version, column, value FROM freshet.fills FINAL WHERE table = {} AND (key, version) "
          "IN "
          "(SELECT k, v FROM format(RowBinary, 'k String, v UInt128', {})) AND last_resort = {} FORMAT "
          "RowBinary",
          quote_literal(mirror.name()), quote_literal(wanted), static_cast<int>(kind_)),
      kLargeStatement);
  if (!answer) return Fetched::too_much;
  for (ByteReader from(*answer); !from.at_end();) {
    std::string key(read_text(from));
    const Version version = read_version(from);
    std::string column(read_text(from));
    values_[{std::move(key), version}][std::move(column)] = read_text(from);
  }
  bytes_ = answer->size();
  return Fetched::all;
}

Value Fills::value(const Of& row, const std::string& column) const {
  const auto values = values_.find(row);
  if (values != values_.end()) {
    const auto value = values->second.find(column);
    if (value != values->second.end() && !value->second.empty()) {
      const std::string_view bytes = value->second;
      if (bytes[0] == kHeldForm) return {true, {Form::binary, bytes.substr(1)}};
      return {false, {static_cast<Form>(bytes[0]), bytes.substr(1)}};
    }
  }
  throw Error(ErrorKind::data, fmt::format("freshet.fills lacks a value of column '{}'", column));
}

void Fills::add(const Of& row, const std::string& column, const Value& value) {
  std::string& text = values_[row][column];
  text.assign(1, value.held ? kHeldForm : static_cast<char>(value.field.form));
  text += value.field.bytes;
  bytes_ += text.size() + row.first.size() + column.size();
}

Insert Fills::insert(const Mirror& mirror, std::uint64_t round) const {
  Insert insert{
      "INSERT INTO freshet.fills (table, key, version, column, value, last_resort, round) FORMAT RowBinary",
      {}};
  for (const auto& [row, values] : values_) {
    for (const auto& [column, value] : values) {
      append_text(insert.body, mirror.name());
      append_text(insert.body, row.first);
      append_version(insert.body, row.second);
      append_text(insert.body, column);
      append_text(insert.body, value);
      append_le(insert.body, static_cast<std::uint8_t>(kind_));
      append_le(insert.body, round);
    }
  }
  return insert;
}

}  // namespace freshet::load
