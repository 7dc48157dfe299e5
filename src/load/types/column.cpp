#include "load/types/column.h"

#include <fmt/format.h>

#include "load/types/array_column.h"
#include "load/types/decimal_codec.h"
#include "load/types/fixed_column.h"
#include "load/types/scalar_codecs.h"
#include "load/types/string_column.h"
#include "load/types/temporal_codecs.h"

namespace freshet::load {
namespace {

[[noreturn]] void refuse(const PgType& type, const MirrorColumn& column) {
  throw Error(ErrorKind::schema,
              fmt::format("column '{}' comes as {}, which its mirror's {} isn't made for", column.name,
                          type.name.empty() ? to_string(type.kind) : type.name, column.clickhouse_type()),
              "compare the contract with the table: freshet init drafts it anew into an empty folder");
}

template <class Target>
std::unique_ptr<ColumnBuilder> make_integer(const PgType& type, const MirrorColumn& column) {
  if (type.kind == TypeKind::int2) return make_fixed<IntegerCodec<std::int16_t, Target>>(column);
  if constexpr (sizeof(Target) >= 4) {
    if (type.kind == TypeKind::int4) return make_fixed<IntegerCodec<std::int32_t, Target>>(column);
  }
  if constexpr (sizeof(Target) >= 8) {
    if (type.kind == TypeKind::int8) return make_fixed<IntegerCodec<std::int64_t, Target>>(column);
  }
  refuse(type, column);
}

template <class Stored>
std::unique_ptr<ColumnBuilder> make_decimal_of(const MirrorColumn& column) {
  return make_fixed<DecimalCodec<Stored>>(column,
                                          {.precision = column.type.precision, .scale = column.type.scale});
}

std::unique_ptr<ColumnBuilder> make_decimal(const MirrorColumn& column) {
  if (column.type.precision <= 9) return make_decimal_of<std::int32_t>(column);
  if (column.type.precision <= 18) return make_decimal_of<std::int64_t>(column);
  if (column.type.precision <= 38) return make_decimal_of<Int128>(column);
  return make_decimal_of<Int256>(column);
}

}  // namespace

void ColumnBuilder::write_to(clickhouse::native::BlockWriter& block) const {
  write_data(block.column(column_.name, column_.clickhouse_type()));
}

std::unique_ptr<ColumnBuilder> make_builder(const PgType& type, const MirrorColumn& column) {
  const auto from = [&](bool fits) {
    if (!fits) refuse(type, column);
  };
  switch (column.type.kind) {
    case MirrorKind::boolean: from(type.kind == TypeKind::boolean); return make_fixed<BooleanCodec>(column);
    case MirrorKind::int16: return make_integer<std::int16_t>(type, column);
    case MirrorKind::int32: return make_integer<std::int32_t>(type, column);
    case MirrorKind::int64: return make_integer<std::int64_t>(type, column);
    case MirrorKind::float32:
      from(type.kind == TypeKind::float4);
      return make_fixed<FloatCodec<float, std::uint32_t>>(column);
    case MirrorKind::float64:
      from(type.kind == TypeKind::float8);
      return make_fixed<FloatCodec<double, std::uint64_t>>(column);
    case MirrorKind::decimal: from(type.kind == TypeKind::numeric); return make_decimal(column);
    case MirrorKind::uuid: from(type.kind == TypeKind::uuid); return make_fixed<UuidCodec>(column);
    case MirrorKind::date32: from(type.kind == TypeKind::date); return make_fixed<DateCodec>(column);
    case MirrorKind::datetime64:
      from(type.kind == TypeKind::timestamp || type.kind == TypeKind::timestamptz);
      return make_fixed<TimestampCodec>(column, {.with_zone = type.kind == TypeKind::timestamptz});
    case MirrorKind::string: return std::make_unique<StringBuilder>(type, column);
    case MirrorKind::low_cardinality: return std::make_unique<LowCardinalityBuilder>(type, column);
    case MirrorKind::array:
      from(type.kind == TypeKind::array);
      return std::make_unique<ArrayBuilder>(type, column);
  }
  refuse(type, column);
}

}  // namespace freshet::load
