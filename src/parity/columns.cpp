#include "parity/columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace freshet::parity {
namespace {

// Domains down to their base type, without modifiers, and with the one that it was declared with.
constexpr std::string_view kSourceColumns = R"(
WITH RECURSIVE base AS (
  SELECT a.attname, t.oid, a.atttypmod AS modifier, t.typtype, t.typbasetype, t.typtypmod
  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
  WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT b.attname, t.oid, b.typtypmod, t.typtype, t.typbasetype, t.typtypmod
  FROM base b JOIN pg_type t ON t.oid = b.typbasetype WHERE b.typtype = 'd')
SELECT attname, format_type(oid, NULL), format_type(oid, modifier) FROM base WHERE typtype <> 'd')";

struct SourceType {
  std::string bare;
  std::string declared;
};
template <class Type>
using ByColumn = std::map<std::string, Type, std::less<>>;

ByColumn<SourceType> source_types(postgres::Connection& source, const std::string& table) {
  const postgres::Result rows = source.query(kSourceColumns, {table});
  ByColumn<SourceType> types;
  for (int row = 0; row < rows.rows(); ++row)
    types.emplace(rows.text(row, 0),
                  SourceType{std::string(rows.text(row, 1)), std::string(rows.text(row, 2))});
  return types;
}

ByColumn<std::string> mirror_types(clickhouse::Client& mirror, const std::string& table) {
  ByColumn<std::string> types;
  for (const auto& row :
       mirror.rows("SELECT name, type FROM system.columns WHERE database = 'raw' AND table = {t:String}",
                   {.params = {clickhouse::text_param("t", table)}})) {
    types.emplace(row.at(0).value(), row.at(1).value());
  }
  return types;
}

template <class Type>
const Type& type_in(const ByColumn<Type>& types, const std::string& column, std::string_view where) {
  const auto found = types.find(column);
  if (found != types.end()) return found->second;
  throw Error(ErrorKind::schema, fmt::format("{} has no column {}, which its contract names", where, column),
              "see `freshet status` for the stream's state");
}

// Of texts only those of the collations C and POSIX.
bool in_byte_order(postgres::Connection& source, const std::string& table, const std::string& column) {
  const postgres::Result rows = source.query(R"(
    SELECT CASE WHEN c.collname = 'default' THEN coalesce(to_jsonb(d)->>'datlocprovider', 'c') = 'c' AND d.datcollate IN ('C', 'POSIX')
                ELSE c.collname IN ('C', 'POSIX') END
    FROM pg_attribute a JOIN pg_collation c ON c.oid = a.attcollation, pg_database d
    WHERE a.attrelid = $1::regclass AND a.attname = $2 AND d.datname = current_database())",
                                             {table, column});
  return rows.rows() == 1 && rows.text(0, 0) == "t";
}

// A partitioned table's rows are in its partitions; a plain table's heirs aren't part of its stream.
std::string from_clause(postgres::Connection& source, const std::string& table, const std::string& name) {
  const postgres::Result kind =
      source.query("SELECT relkind FROM pg_class WHERE oid = to_regclass($1)", {table});
  if (kind.rows() == 0)
    throw Error(ErrorKind::schema, "the source no longer has " + name,
                "remove its contract, or bring the table back");
  return (kind.text(0, 0) == "p" ? "" : "ONLY ") + table + " AS t";
}

}  // namespace

ComparedTable compared_table(const contract::StreamContract& contract, postgres::Connection& source,
                             clickhouse::Client& mirror) {
  const std::string table = postgres::quote_table(contract.source.schema, contract.source.table);
  std::string from_source = from_clause(source, table, to_string(contract.source));
  const ByColumn<SourceType> from = source_types(source, table);
  const ByColumn<std::string> to = mirror_types(mirror, contract.mirror);
  ComparedTable compared{to_string(contract.source),
                         std::move(from_source),
                         contract.mirror,
                         contract.on_delete == contract::OnDelete::keep ? "NOT is_deleted" : "1",
                         {},
                         {},
                         false,
                         contract.mode == contract::Mode::periodic};
  for (const contract::ColumnContract& column : contract.columns) {
    const SourceType& type = type_in(from, column.name, compared.name);
    compared.columns.push_back({column.name, type.bare, type_in(to, column.name, "raw." + contract.mirror),
                                to.contains(column.name + "__null"), column.null_when.any(),
                                column.key_position, type.declared});
  }
  for (const contract::ColumnContract* column : contract.key()) {
    compared.key.push_back(*std::ranges::find(compared.columns, column->name, &ComparedColumn::name));
  }
  compared.key_in_byte_order = in_byte_order(source, table, compared.key.front().name);
  return compared;
}

}  // namespace freshet::parity
