// ColumnBuilder: turns PostgreSQL's values, in either form, into one column of a mirror, exact or refused;
// the last thing on the line that knows PostgreSQL's types. One per mirror column, used again for every
// block, owned and called by one thread of load. Appending throws nothing and, once the buffers have grown,
// allocates nothing.
//
// A row goes into all builders of its table or into none: when one refuses, the others take it back.
//
//   const std::size_t before = builders[0]->rows();
//   for (each column)
//     if (const std::optional<Unfit> unfit = builder->append(field)) {
//       for (every builder) builder->truncate(before);
//       ... stop the stream, with explain(*unfit)
//     }
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "adapter/clickhouse/native.h"
#include "base/bytes.h"
#include "change/tuple.h"
#include "change/type.h"
#include "load/types/mirror_type.h"
#include "load/types/unfit.h"

namespace freshet::load {

class ColumnBuilder {
 public:
  explicit ColumnBuilder(MirrorColumn column) : column_(std::move(column)) {}
  virtual ~ColumnBuilder() = default;
  ColumnBuilder(const ColumnBuilder&) = delete;
  ColumnBuilder& operator=(const ColumnBuilder&) = delete;

  // One value more; or why not, and the builder is as it was.
  virtual std::optional<Unfit> append(const Field& field) = 0;
  // NULL where the column can be, else the type's zero: for what a tombstone doesn't have.
  virtual void append_default() = 0;
  // A value as the mirror itself has it: one row's MirrorColumn::read_back() in RowBinary. No conversion, so
  // it goes back bit by bit. Throws Error{data} when the bytes end early.
  virtual void append_mirror(ByteReader& row_binary) = 0;

  virtual std::size_t rows() const = 0;
  // Of the block's data so far, about.
  virtual std::size_t bytes() const = 0;
  // Takes back all rows from `rows` on; nothing when there are no more than that.
  virtual void truncate(std::size_t rows) = 0;
  virtual void clear() = 0;

  // How many rows became NULL because the contract allows it.
  virtual std::size_t nulled() const = 0;

  // The column's data in Native, without its name and type.
  virtual void write_data(std::string& to) const = 0;
  // As many columns as column().definitions() has, with names and types.
  virtual void write_to(clickhouse::native::BlockWriter& block) const;

  const MirrorColumn& column() const { return column_; }

 private:
  MirrorColumn column_;
};

// `type`: of the stream's column, whose values come. Throws Error{schema} when the mirror's column isn't one
// for it.
std::unique_ptr<ColumnBuilder> make_builder(const PgType& type, const MirrorColumn& column);

}  // namespace freshet::load
