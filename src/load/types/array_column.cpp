#include "load/types/array_column.h"

#include "change/text/array.h"

namespace freshet::load {
namespace {

PgType element_type(const PgType& array) {
  PgType type;
  type.kind = array.element;
  type.oid = array.element_oid;
  type.precision = array.precision;
  type.scale = array.scale;
  return type;
}

MirrorColumn element_column(const MirrorColumn& array) {
  MirrorColumn column;
  column.name = array.name;
  column.type = array.type;
  column.type.kind = array.type.element;
  column.nullable = true;
  return column;
}

}  // namespace

ArrayBuilder::ArrayBuilder(const PgType& type, const MirrorColumn& column)
    : ColumnBuilder(column), elements_(make_builder(element_type(type), element_column(column))) {}

std::optional<Unfit> ArrayBuilder::append(const Field& field) {
  if (field.null()) {
    if (!column().nullable) return Unfit::null;
    end_row(true);
    return std::nullopt;
  }
  const std::size_t before = elements_->rows();
  if (const std::optional<Unfit> unfit = append_elements(field)) {
    elements_->truncate(before);
    return unfit;
  }
  end_row(false);
  return std::nullopt;
}

std::optional<Unfit> ArrayBuilder::append_elements(const Field& field) {
  switch (field.form) {
    case Form::binary: return append_binary(field.bytes);
    case Form::text: return append_text(field.bytes);
    case Form::null: return Unfit::null;
    case Form::unchanged: return Unfit::unchanged;
  }
  return Unfit::malformed;
}

std::optional<Unfit> ArrayBuilder::append_binary(std::string_view bytes) {
  std::optional<pg_text::BinaryArray> array = pg_text::BinaryArray::read(bytes);
  if (!array) return Unfit::malformed;
  if (!array->plain()) return Unfit::dimensions;
  for (std::int64_t i = 0; i < array->elements(); ++i) {
    const std::optional<Field> element = array->next();
    if (!element) return Unfit::malformed;
    if (const std::optional<Unfit> unfit = elements_->append(*element)) return unfit;
  }
  return array->at_end() ? std::nullopt : std::optional(Unfit::malformed);
}

std::optional<Unfit> ArrayBuilder::append_text(std::string_view text) {
  using Step = pg_text::TextArray::Step;
  pg_text::TextArray array(text);
  Field element;
  while (true) {
    switch (array.next(element)) {
      case Step::element:
        if (const std::optional<Unfit> unfit = elements_->append(element)) return unfit;
        break;
      case Step::end: return std::nullopt;
      case Step::not_plain: return Unfit::dimensions;
      case Step::malformed: return Unfit::malformed;
    }
  }
}

void ArrayBuilder::end_row(bool null) {
  ends_.push(elements_->rows());
  if (column().nullable) is_null_.push(null ? 1 : 0);
}

void ArrayBuilder::append_default() {
  end_row(true);
}

void ArrayBuilder::append_mirror(ByteReader& row_binary) {
  for (std::uint64_t left = row_binary.varint(); left > 0; --left) elements_->append_mirror(row_binary);
  end_row(column().nullable && row_binary.le<std::uint8_t>() != 0);
}

void ArrayBuilder::truncate(std::size_t rows) {
  if (ends_.rows() <= rows) return;
  ends_.truncate(rows);
  if (column().nullable) is_null_.truncate(rows);
  elements_->truncate(rows == 0 ? 0 : ends_[rows - 1]);
}

void ArrayBuilder::write_data(std::string& to) const {
  ends_.write(to);
  elements_->write_data(to);
}

void ArrayBuilder::write_to(clickhouse::native::BlockWriter& block) const {
  ColumnBuilder::write_to(block);
  if (column().nullable) is_null_.write(block.column(column().companion(), "Bool"));
}

}  // namespace freshet::load
