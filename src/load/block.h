// Block: rows of one mirror on their way into ClickHouse, column by column, made from tuples of one schema.
// Used again for the next block. Load's thread.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "change/schema.h"
#include "change/tuple.h"
#include "change/version.h"
#include "load/mirror.h"
#include "load/types/column.h"

namespace freshet::load {

// What a row says about itself, beside its values.
struct RowHead {
  Version version;
  std::uint8_t deleted = 0;  // 1: deleted; 2, where the last values are kept: the key is gone by a key change
  Micros committed_at = 0;
};

// Why a row can't be held.
struct Refusal {
  std::size_t column = 0;  // of the mirror
  Unfit why = Unfit::malformed;
};

// One value of a row: as PostgreSQL sent it, or (form `held`) as the mirror itself has it, in RowBinary.
struct Value {
  bool held = false;
  Field field;
};

class Block {
 public:
  // Throws Error{schema} when the schema isn't one for the mirror.
  Block(const Mirror& mirror, const TableSchema& schema);

  // A row of which every column was sent. Refused with Unfit::unchanged where one wasn't and the others fit.
  std::optional<Refusal> append(const RowHead& head, std::string_view tuple);
  // What append() would say, but for what wasn't sent.
  std::optional<Refusal> examine(std::string_view tuple);
  // A key and nothing else.
  std::optional<Refusal> append_tombstone(const RowHead& head, std::string_view tuple);
  // One value per column of the mirror.
  std::optional<Refusal> append(const RowHead& head, std::span<const Value> values);

  // The tuple's fields in the mirror's order; valid until the next call, for as long as the tuple.
  std::span<const Field> fields(std::string_view tuple);

  std::size_t rows() const { return versions_.rows(); }
  std::size_t bytes() const;
  std::size_t nulled() const;
  void clear();
  // The most bytes it ever held: its buffers are as large.
  std::size_t capacity_hint() const { return bytes_max_; }

  // Names of the columns of write(): the mirror's, and the system's.
  static std::string insert_columns(const Mirror& mirror);
  // One Native block.
  void write(std::string& to, std::uint64_t round) const;

  // The rows of lookup `index` of the mirror: those that are there and have a value.
  std::size_t lookup_rows(std::size_t index) const { return lookups_[index].columns[0]->rows(); }
  void write_lookup(std::string& to, std::size_t index) const;

 private:
  struct Lookup {
    std::vector<std::size_t> sources;  // of the mirror's columns: the looked up, then the key's others
    std::vector<std::unique_ptr<ColumnBuilder>> columns;
  };

  std::optional<Refusal> append_values();
  std::optional<Refusal> finish(const RowHead& head, std::optional<Refusal> refusal);
  void append_lookups(std::span<const Value> values);
  std::unique_ptr<ColumnBuilder> builder(std::size_t column, bool not_null) const;

  const Mirror& mirror_;
  const TableSchema& schema_;
  std::vector<std::size_t> to_mirror_;    // of each field of a tuple; kNone: not in the contract
  std::vector<std::size_t> from_schema_;  // of each mirror column
  std::vector<bool> in_key_;
  std::vector<std::unique_ptr<ColumnBuilder>> columns_;
  std::vector<Lookup> lookups_;
  clickhouse::native::FixedColumn<UInt128> versions_;
  clickhouse::native::FixedColumn<std::uint8_t> deleted_;
  clickhouse::native::FixedColumn<Micros> committed_at_;
  std::size_t bytes_max_ = 0;
  std::vector<Field> fields_;
  std::vector<Value> values_;
};

}  // namespace freshet::load
