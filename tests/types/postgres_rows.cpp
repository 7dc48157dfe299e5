#include "postgres_rows.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "mirror_text.h"

namespace freshet::test {
namespace {

using std::chrono::seconds;

// PGCOPY header, then per row int16 fields, per field int32 size and bytes; int16 -1 ends it.
std::vector<Value> parse_copy(std::string_view bytes) {
  ByteReader reader(bytes);
  reader.bytes(11 + 4);
  reader.bytes(static_cast<std::size_t>(reader.be<std::int32_t>()));
  std::vector<Value> values;
  while (reader.be<std::int16_t>() == 1) {
    const auto size = reader.be<std::int32_t>();
    values.push_back(size < 0 ? Value() : Value(reader.bytes(static_cast<std::size_t>(size))));
  }
  return values;
}

PgType type_of(TestDatabase& database, const TypeCase& type) {
  // Of a domain: its base, through any number of levels.
  const postgres::Result found = database.connection().query(fmt::format(
      "WITH RECURSIVE base(oid, typmod) AS ("
      "  SELECT atttypid, atttypmod FROM pg_attribute WHERE attrelid = 'rows'::regclass AND attname = 'v'"
      "  UNION ALL SELECT typbasetype, typtypmod FROM pg_type t JOIN base b ON t.oid = b.oid WHERE typtype = "
      "'d')"
      " SELECT format_type(b.oid, b.typmod), coalesce(e.typtype, t.typtype) = 'e', t.typelem <> 0"
      " FROM base b JOIN pg_type t ON t.oid = b.oid"
      " LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typcategory = 'A' WHERE t.typtype <> 'd'"));
  EXPECT_EQ(found.rows(), 1) << type.type;
  PgType resolved = builtin_type(found.text(0, 0));
  if (found.text(0, 1) == "t") {
    const bool array = found.text(0, 2) == "t";
    resolved.kind = array ? TypeKind::array : TypeKind::enumeration;
    if (array) resolved.element = TypeKind::enumeration;
  }
  return resolved;
}

void fill(TestDatabase& database, const TypeCase& type, const std::vector<std::string>& values,
          int random_rows) {
  database.sql(fmt::format(
      "SET client_min_messages = warning; DROP TABLE IF EXISTS rows; CREATE TABLE rows (id serial, v {})",
      type.type));
  for (const std::string& value : values)
    database.sql(fmt::format("INSERT INTO rows (v) VALUES ({})", value));
  database.sql("INSERT INTO rows (v) VALUES (NULL)");
  if (!type.random.empty() && random_rows > 0)
    database.sql(
        fmt::format("SELECT setseed(0.5); INSERT INTO rows (v) SELECT {} FROM generate_series(1, {}) g",
                    type.random, random_rows));
}

}  // namespace

PostgresRows make_rows(TestDatabase& database, const TypeCase& type, const std::vector<std::string>& values,
                       int random_rows) {
  fill(database, type, values, random_rows);
  PostgresRows rows;
  rows.column.name = "v";
  rows.column.type = type_of(database, type);
  rows.column.clickhouse_type = type.clickhouse_type;

  const postgres::Result text = database.connection().query(
      fmt::format("SELECT v, {} FROM rows ORDER BY id", expected_expression(rows.column)));
  for (int i = 0; i < text.rows(); ++i) {
    rows.text.push_back(text.is_null(i, 0) ? Value() : Value(text.text(i, 0)));
    rows.expected.push_back(text.is_null(i, 1) ? Value() : Value(text.text(i, 1)));
  }

  if (readable_in_binary(rows.column.type)) {
    std::string bytes;
    database.connection().copy_out(
        "COPY (SELECT v FROM rows ORDER BY id) TO STDOUT (FORMAT binary)",
        [&](std::string_view piece) { bytes += piece; }, seconds(30));
    rows.binary = parse_copy(bytes);
    EXPECT_EQ(rows.binary.size(), rows.text.size()) << type.type;
  }
  return rows;
}

Field text_field(const Value& value) {
  return value ? Field{Form::text, *value} : Field{};
}

Field binary_field(const Value& value) {
  return value ? Field{Form::binary, *value} : Field{};
}

}  // namespace freshet::test
