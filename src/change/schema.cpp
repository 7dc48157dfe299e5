#include "change/schema.h"

#include "base/bytes.h"

namespace freshet {
namespace {

constexpr std::uint8_t kColumnFlags = 3;  // 1 key, 2 nullable

void append_text(std::string& to, std::string_view text) {
  append_varint(to, text.size());
  to += text;
}

std::string read_text(ByteReader& from) {
  return std::string(from.bytes(from.varint()));
}

void append_type(std::string& to, const PgType& type) {
  append_le(to, static_cast<std::uint8_t>(type.kind));
  append_le(to, static_cast<std::uint8_t>(type.element));
  append_le(to, type.oid);
  append_le(to, type.element_oid);
  append_le(to, type.precision);
  append_le(to, type.scale);
  append_text(to, type.name);
}

TypeKind read_kind(ByteReader& from) {
  const auto kind = from.le<std::uint8_t>();
  if (kind > static_cast<std::uint8_t>(TypeKind::other))
    throw Error(ErrorKind::data, "unknown kind of type in a schema");
  return static_cast<TypeKind>(kind);
}

ReplicaIdentity read_identity(ByteReader& from) {
  const char identity = from.le<char>();
  if (std::string_view("dnfi").find(identity) == std::string_view::npos)
    throw Error(ErrorKind::data, "unknown replica identity in a schema");
  return static_cast<ReplicaIdentity>(identity);
}

PgType read_type(ByteReader& from) {
  PgType type;
  type.kind = read_kind(from);
  type.element = read_kind(from);
  type.oid = from.le<std::uint32_t>();
  type.element_oid = from.le<std::uint32_t>();
  type.precision = from.le<std::int16_t>();
  type.scale = from.le<std::int16_t>();
  type.name = read_text(from);
  return type;
}

}  // namespace

std::string stream_name(const TableSchema& table) {
  return table.schema + "." + table.table;
}

std::string encode_schema(const TableSchema& table) {
  std::string bytes;
  append_le(bytes, table.relation_oid);
  append_text(bytes, table.schema);
  append_text(bytes, table.table);
  append_le(bytes, static_cast<char>(table.identity));
  append_varint(bytes, table.columns.size());
  for (const Column& column : table.columns) {
    append_text(bytes, column.name);
    append_le(bytes, static_cast<std::uint8_t>(column.key | column.nullable << 1));
    append_type(bytes, column.type);
  }
  return bytes;
}

TableSchema decode_schema(std::string_view bytes) {
  ByteReader from(bytes);
  TableSchema table;
  table.relation_oid = from.le<std::uint32_t>();
  table.schema = read_text(from);
  table.table = read_text(from);
  table.identity = read_identity(from);
  const std::uint64_t count = from.varint();
  for (std::uint64_t i = 0; i < count; ++i) {
    Column column;
    column.name = read_text(from);
    const auto flags = from.le<std::uint8_t>();
    if (flags > kColumnFlags) throw Error(ErrorKind::data, "unknown flags of a column in a schema");
    column.key = flags & 1;
    column.nullable = flags & 2;
    column.type = read_type(from);
    table.columns.push_back(std::move(column));
  }
  if (!from.at_end()) throw Error(ErrorKind::data, "a schema is longer than it says");
  return table;
}

}  // namespace freshet
