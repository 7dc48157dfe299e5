// MirrorColumn: how a source column stands in its mirror. docs/types.md is its table for users. Values, made
// once per contract; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "contract/contract.h"

namespace freshet::load {

enum class MirrorKind : std::uint8_t {
  boolean,
  int16,
  int32,
  int64,
  float32,
  float64,
  decimal,
  string,
  low_cardinality,  // of String
  uuid,
  date32,
  datetime64,  // microseconds, UTC
  array,       // of Nullable elements
};

struct MirrorType {
  MirrorKind kind = MirrorKind::string;
  MirrorKind element = MirrorKind::string;  // of an array
  int precision = 0;                        // of a decimal, or of an array's decimals
  int scale = 0;

  friend bool operator==(const MirrorType&, const MirrorType&) = default;
};

struct MirrorColumn {
  std::string name;
  MirrorType type;
  bool nullable = false;
  contract::NullWhen null_when;

  // As ClickHouse prints it: "Nullable(Decimal(14, 2))", "Array(Nullable(String))".
  std::string clickhouse_type() const;
  // "<name>__null": the Bool that says whether the array is NULL. Empty for all but nullable arrays.
  std::string companion() const;
  // Names and types for CREATE TABLE and INSERT, in order: one, or two with the companion.
  std::vector<std::pair<std::string, std::string>> definitions() const;
  // What to SELECT (FORMAT RowBinary) so that ColumnBuilder::append_mirror can read it: as many expressions.
  std::string read_back() const;
};

// By the rules of docs/types.md, or as the contract's clickhouse_type names it. Throws Error{config}, naming
// the column, where that type can't hold the source's values exactly.
MirrorColumn mirror_column(const contract::ColumnContract& column);

}  // namespace freshet::load
