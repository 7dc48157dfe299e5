// The builders of String and LowCardinality(String) columns.
#pragma once

#include "load/types/column.h"
#include "load/types/nulls.h"
#include "load/types/text_source.h"

namespace freshet::load {

class StringBuilder final : public ColumnBuilder {
 public:
  StringBuilder(const PgType& type, const MirrorColumn& column)
      : ColumnBuilder(column), source_(type), nulls_(column) {}

  std::optional<Unfit> append(const Field& field) override;
  void append_default() override;
  void append_mirror(ByteReader& row_binary) override;
  std::size_t rows() const override { return texts_.rows(); }
  std::size_t bytes() const override { return texts_.bytes() + (nulls_.nullable() ? rows() : 0); }
  void truncate(std::size_t rows) override;
  void clear() override { truncate(0); }
  std::size_t nulled() const override { return nulls_.excused(); }
  void write_data(std::string& to) const override;

 private:
  TextSource source_;
  Nulls nulls_;
  clickhouse::native::StringColumn texts_;
};

// NULL is a key of the dictionary: there is no map of NULLs.
class LowCardinalityBuilder final : public ColumnBuilder {
 public:
  LowCardinalityBuilder(const PgType& type, const MirrorColumn& column)
      : ColumnBuilder(column), source_(type), nullable_(column.nullable), texts_(column.nullable) {}

  std::optional<Unfit> append(const Field& field) override;
  void append_default() override;
  void append_mirror(ByteReader& row_binary) override;
  std::size_t rows() const override { return texts_.rows(); }
  std::size_t bytes() const override { return texts_.bytes(); }
  void truncate(std::size_t rows) override;
  void clear() override { texts_.clear(); }
  std::size_t nulled() const override { return 0; }  // no text is out of its range
  void write_data(std::string& to) const override { texts_.write(to); }

 private:
  TextSource source_;
  bool nullable_;
  clickhouse::native::LowCardinalityColumn texts_;
};

}  // namespace freshet::load
