#include "load/mirror.h"

#include <fmt/format.h>

#include "adapter/clickhouse/quote.h"
#include "base/error.h"

namespace freshet::load {

using clickhouse::quote_identifier;
using clickhouse::quote_table;

std::string Mirror::raw() const {
  return quote_table("raw", name());
}

std::string Mirror::src() const {
  return quote_table("src", name());
}

std::string Mirror::staged() const {
  return quote_table("staged", name());
}

std::string Mirror::lookup(std::size_t column) const {
  return quote_table("lookup", lookup_name(column));
}

std::string Mirror::lookup_name(std::size_t column) const {
  return name() + "__" + columns[column].name;
}

std::string Mirror::key_list() const {
  std::string list;
  for (const std::size_t column : key) {
    if (!list.empty()) list += ',';
    list += quote_identifier(columns[column].name);
  }
  return list;
}

std::string Mirror::column_list() const {
  std::string list;
  for (const MirrorColumn& column : columns) {
    for (const auto& [name, type] : column.definitions()) {
      if (!list.empty()) list += ',';
      list += quote_identifier(name);
    }
  }
  return list;
}

std::string Mirror::lookup_list(std::size_t column) const {
  std::string list = quote_identifier(columns[column].name);
  for (const std::size_t other : key)
    if (other != column) list += ',' + quote_identifier(columns[other].name);
  return list;
}

std::string Mirror::key_bytes() const {
  return fmt::format("formatRow('RowBinary',{})", key_list());
}

Mirror make_mirror(const contract::StreamContract& contract) {
  Mirror mirror;
  mirror.contract = contract;
  mirror.stream = contract::to_string(contract.source);
  for (const contract::ColumnContract& column : contract.columns)
    mirror.columns.push_back(mirror_column(column));
  const auto index_of = [&](std::string_view name) {
    for (std::size_t i = 0; i < mirror.columns.size(); ++i)
      if (mirror.columns[i].name == name) return i;
    throw Error(ErrorKind::config, fmt::format("{}: the contract has no column {}, which it looks rows up by",
                                               mirror.stream, name));
  };
  for (const contract::ColumnContract* column : contract.key()) {
    mirror.key.push_back(index_of(column->name));
    // A key has no NULL, not even by the contract's leave.
    mirror.columns[mirror.key.back()].nullable = false;
    mirror.columns[mirror.key.back()].null_when = {};
  }
  for (const std::string& name : contract.lookups) mirror.lookups.push_back(index_of(name));
  if (mirror.key.empty())
    throw Error(ErrorKind::config, mirror.stream + ": the contract names no key",
                "name the columns of the table's primary key");
  return mirror;
}

}  // namespace freshet::load
