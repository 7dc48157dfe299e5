// FixedBuilder: the builder of every type whose values have one size. What differs is the Codec:
//
//   using Value = ...;                                                        as ClickHouse stores it
//   std::optional<Unfit> from_binary(std::string_view bytes, Value& value) const;
//   std::optional<Unfit> from_text(std::string_view text, Value& value) const;
#pragma once

#include <utility>

#include "load/types/column.h"
#include "load/types/nulls.h"

namespace freshet::load {

template <class Codec>
class FixedBuilder final : public ColumnBuilder {
 public:
  using Value = typename Codec::Value;

  FixedBuilder(const MirrorColumn& column, Codec codec)
      : ColumnBuilder(column), codec_(codec), nulls_(column) {}

  std::optional<Unfit> append(const Field& field) override {
    Value value{};
    bool null = false;
    if (const std::optional<Unfit> unfit = read(field, value)) {
      null = nulls_.nullable() && (*unfit == Unfit::null || nulls_.excuse(*unfit, rows()));
      if (!null) return unfit;
      value = {};
    }
    values_.push(value);
    nulls_.push(null);
    return std::nullopt;
  }

  void append_default() override {
    values_.push({});
    nulls_.push(true);
  }

  void append_mirror(ByteReader& row_binary) override {
    const bool null = nulls_.nullable() && row_binary.le<std::uint8_t>() != 0;
    values_.push(null ? Value{} : row_binary.le<Value>());
    nulls_.push(null);
  }

  std::size_t rows() const override { return values_.rows(); }
  std::size_t bytes() const override { return values_.bytes() + (nulls_.nullable() ? rows() : 0); }
  void truncate(std::size_t rows) override {
    if (values_.rows() > rows) values_.truncate(rows);
    nulls_.truncate(rows);
  }
  void clear() override { truncate(0); }
  std::size_t nulled() const override { return nulls_.excused(); }

  void write_data(std::string& to) const override {
    nulls_.write(to);
    values_.write(to);
  }

 private:
  std::optional<Unfit> read(const Field& field, Value& value) const {
    switch (field.form) {
      case Form::binary: return codec_.from_binary(field.bytes, value);
      case Form::text: return codec_.from_text(field.bytes, value);
      case Form::null: return Unfit::null;
      case Form::unchanged: return Unfit::unchanged;
    }
    return Unfit::malformed;
  }

  Codec codec_;
  Nulls nulls_;
  clickhouse::native::FixedColumn<Value> values_;
};

template <class Codec>
std::unique_ptr<ColumnBuilder> make_fixed(const MirrorColumn& column, Codec codec = {}) {
  return std::make_unique<FixedBuilder<Codec>>(column, codec);
}

}  // namespace freshet::load
