// The builder of Array(Nullable(T)), and, where the source's column can be NULL, of its companion
// <name>__null. NULL, {} and {a,NULL} stay three different things. Only one dimension from 1 on fits.
#pragma once

#include <cstdint>
#include <vector>

#include "load/types/column.h"

namespace freshet::load {

class ArrayBuilder final : public ColumnBuilder {
 public:
  ArrayBuilder(const PgType& type, const MirrorColumn& column);

  std::optional<Unfit> append(const Field& field) override;
  void append_default() override;
  void append_mirror(ByteReader& row_binary) override;
  std::size_t rows() const override { return ends_.rows(); }
  std::size_t bytes() const override { return ends_.bytes() + elements_->bytes() + is_null_.bytes(); }
  void truncate(std::size_t rows) override;
  void clear() override { truncate(0); }
  std::size_t nulled() const override { return 0; }  // what an element can't hold refuses the whole array
  void write_data(std::string& to) const override;
  void write_to(clickhouse::native::BlockWriter& block) const override;

 private:
  std::optional<Unfit> append_elements(const Field& field);
  std::optional<Unfit> append_binary(std::string_view bytes);
  std::optional<Unfit> append_text(std::string_view text);
  void end_row(bool null);

  std::unique_ptr<ColumnBuilder> elements_;
  clickhouse::native::FixedColumn<std::uint64_t> ends_;
  clickhouse::native::FixedColumn<std::uint8_t> is_null_;  // empty unless the column is nullable
};

}  // namespace freshet::load
