#include "mirror_text.h"

#include <fmt/format.h>

namespace freshet::test {
namespace {

using load::MirrorKind;

bool is_float(TypeKind kind) {
  return kind == TypeKind::float4 || kind == TypeKind::float8;
}

std::string float_bits(TypeKind kind, std::string_view value) {
  return fmt::format("encode({}send({}), 'hex')", kind == TypeKind::float4 ? "float4" : "float8", value);
}

// "2024-01-01 00:00:00.500000" -> "2024-01-01 00:00:00.5+00"
std::string timestamp_text(TypeKind kind, std::string_view value) {
  const std::string text = fmt::format(R"(replaceRegexpOne(toString({}), '\\.?0+$', ''))", value);
  return kind == TypeKind::timestamptz ? fmt::format("concat({}, '+00')", text) : text;
}

std::string scalar_text(TypeKind kind, const load::MirrorType& type, MirrorKind mirror,
                        std::string_view value) {
  switch (mirror) {
    case MirrorKind::boolean: return fmt::format("if({}, 't', 'f')", value);
    case MirrorKind::float32:
      return fmt::format("leftPad(lower(hex(reinterpretAsUInt32({}))), 8, '0')", value);
    case MirrorKind::float64:
      return fmt::format("leftPad(lower(hex(reinterpretAsUInt64({}))), 16, '0')", value);
    case MirrorKind::decimal: return fmt::format("toDecimalString({}, {})", value, type.scale);
    case MirrorKind::datetime64: return timestamp_text(kind, value);
    case MirrorKind::string:
      return kind == TypeKind::bytea ? fmt::format(R"(concat('\\x', lower(hex({}))))", value)
                                     : std::string(value);
    case MirrorKind::int16:
    case MirrorKind::int32:
    case MirrorKind::int64:
    case MirrorKind::uuid:
    case MirrorKind::date32:
    case MirrorKind::low_cardinality: return fmt::format("toString({})", value);
    case MirrorKind::array: break;
  }
  return "";
}

// The elements as PostgreSQL's array_out prints them.
std::string quoted_elements(const std::string& texts) {
  return fmt::format(
      R"(arrayMap(t -> if(isNull(t), 'NULL', if(match(assumeNotNull(t), '^$|[\\s\\v{{}},"\\\\]') OR upper(assumeNotNull(t)) = 'NULL', concat('"', replaceRegexpAll(assumeNotNull(t), '(["\\\\])', '\\\\\\1'), '"'), assumeNotNull(t))), {}))",
      texts);
}

}  // namespace

// Never a cast to text: that prints a boolean, char(n) or inet otherwise than PostgreSQL's output does.
std::string expected_expression(const contract::ColumnContract& column) {
  const PgType& type = column.type;
  const load::MirrorColumn mirror = load::mirror_column(column);
  if (mirror.type.kind == MirrorKind::string) return "v";
  if (is_float(type.kind)) return float_bits(type.kind, "v");
  if (type.kind == TypeKind::array && is_float(type.element))
    return fmt::format("(SELECT array_agg({})::text FROM unnest(v) e)", float_bits(type.element, "e"));
  if (mirror.type.kind == MirrorKind::decimal && column.clickhouse_type)
    return fmt::format("round(v, {})", mirror.type.scale);
  return "v";
}

std::string mirror_expression(const PgType& type, const load::MirrorColumn& column) {
  if (column.type.kind != MirrorKind::array) {
    const std::string text = scalar_text(type.kind, column.type, column.type.kind, "v");
    return column.nullable ? fmt::format("if(isNull(v), NULL, {})", text) : text;
  }
  const std::string element = scalar_text(type.element, column.type, column.type.element, "assumeNotNull(e)");
  const std::string texts = fmt::format("arrayMap(e -> if(isNull(e), NULL, {}), v)", element);
  const std::string array =
      fmt::format("concat('{{', arrayStringConcat({}, ','), '}}')", quoted_elements(texts));
  return column.nullable ? fmt::format("if(v__null, NULL, {})", array) : array;
}

}  // namespace freshet::test
