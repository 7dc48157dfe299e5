#include "capture/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

namespace freshet::capture {
namespace {

using postgres::Connection;
using postgres::Result;

constexpr int kColumnLists = 150'000;  // the first server that has them, and publishes schemas
constexpr int kPublishedGeneratedColumns = 180'000;

// One row per column. The key is that of the replica identity; columns that a key index merely includes
// aren't part of it.
constexpr const char* kColumnsOfTable = R"(
  SELECT c.oid, c.relreplident, a.attname, a.atttypid, a.atttypmod, a.attnotnull, a.attgenerated <> '',
         c.relreplident = 'f' OR coalesce(a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]), false)
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_index i ON i.indrelid = c.oid
       AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END
  WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p', 'm', 'f')
  ORDER BY a.attnum)";

// A row per published column, with the row filter; $1: the publication, $2 and $3: the table. What the view
// pg_publication_tables says of one table: from PostgreSQL 16 on the view opens every published table, and so
// waits for whoever has any of them locked. {0}: its schema is published; {1}: whether generated columns are.
constexpr const char* kPublishedColumns = R"(
  SELECT a.attname, CASE WHEN NOT {0} THEN pg_get_expr(own.prqual, own.prrelid) END
  FROM pg_publication p
  CROSS JOIN pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_publication_rel own ON own.prpubid = p.oid AND own.prrelid = c.oid
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND
       CASE WHEN own.prattrs IS NULL THEN a.attgenerated = '' OR {1} ELSE a.attnum = ANY (own.prattrs::int2[]) END,
  LATERAL (SELECT coalesce(bool_or(k.oid = c.oid), false), coalesce(bool_or(k.oid <> c.oid), false)
           FROM pg_class k
           WHERE k.oid IN (SELECT c.oid UNION SELECT relid FROM pg_partition_ancestors(c.oid))
             AND (EXISTS (SELECT FROM pg_publication_rel WHERE prpubid = p.oid AND prrelid = k.oid)
                  OR EXISTS (SELECT FROM pg_publication_namespace WHERE pnpubid = p.oid
                             AND pnnspid = k.relnamespace))) AS listed (itself, above)
  WHERE p.pubname = $1 AND n.nspname = $2 AND c.relname = $3 AND c.relkind IN ('r', 'p')
    AND c.relpersistence = 'p'
    AND CASE WHEN p.puballtables AND p.pubviaroot THEN NOT c.relispartition
             WHEN p.pubviaroot THEN listed.itself AND NOT listed.above
             ELSE c.relkind = 'r' AND (p.puballtables OR listed.itself OR listed.above) END)";

// There a publication has neither column lists nor schemas, and the view opens no table.
constexpr const char* kPublishedColumnsBefore15 = R"(
  SELECT a.attname, NULL
  FROM pg_publication_tables p
  JOIN pg_namespace n ON n.nspname = p.schemaname
  JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = p.tablename
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
  WHERE p.pubname = $1 AND p.schemaname = $2 AND p.tablename = $3)";

std::string published_columns_sql(int server_version) {
  if (server_version < kColumnLists) return kPublishedColumnsBefore15;
  constexpr const char* kSchemaIsPublished =
      "EXISTS (SELECT FROM pg_publication_namespace WHERE pnpubid = p.oid AND pnnspid = c.relnamespace)";
  return fmt::format(fmt::runtime(kPublishedColumns), kSchemaIsPublished,
                     server_version < kPublishedGeneratedColumns
                         ? "false"
                         : "(p.pubgencols = 's' AND a.attgenerated = 's')");
}

std::uint32_t oid_of(const Result& result, int row, int column) {
  return static_cast<std::uint32_t>(result.integer(row, column));
}

bool is_true(const Result& result, int row, int column) {
  return result.text(row, column) == "t";
}

Error no_table(const Connection& connection, std::string_view schema, std::string_view table) {
  return Error(ErrorKind::schema,
               fmt::format("there is no table {}.{} at {}", schema, table, connection.where()),
               "create it, or take it out of the project");
}

Column read_column(const Result& result, int row, TypeCatalog& types) {
  Column column;
  column.name = result.text(row, 2);
  column.type = types.resolve(oid_of(result, row, 3), static_cast<std::int32_t>(result.integer(row, 4)));
  column.nullable = !is_true(result, row, 5);
  column.key = is_true(result, row, 7);
  return column;
}

// Nothing in `wanted`: every column that isn't generated.
TableSchema describe(Connection& connection, std::string_view schema, std::string_view table,
                     const std::optional<std::set<std::string, std::less<>>>& wanted) {
  const Result result = connection.query(kColumnsOfTable, {std::string(schema), std::string(table)});
  if (result.rows() == 0) throw no_table(connection, schema, table);
  TypeCatalog types(connection);
  TableSchema described;
  described.relation_oid = oid_of(result, 0, 0);
  described.schema = schema;
  described.table = table;
  described.identity = static_cast<ReplicaIdentity>(result.text(0, 1).front());
  for (int row = 0; row < result.rows(); ++row) {
    const bool taken = wanted ? wanted->contains(result.text(row, 2)) : !is_true(result, row, 6);
    if (taken) described.columns.push_back(read_column(result, row, types));
  }
  return described;
}

std::set<std::string, std::less<>> names(const Result& result, int column) {
  std::set<std::string, std::less<>> found;
  for (int row = 0; row < result.rows(); ++row) found.emplace(result.text(row, column));
  return found;
}

}  // namespace

TableSchema describe_table(Connection& connection, std::string_view schema, std::string_view table,
                           const std::vector<std::string>& columns) {
  if (columns.empty()) return describe(connection, schema, table, std::nullopt);
  const std::set<std::string, std::less<>> wanted(columns.begin(), columns.end());
  TableSchema described = describe(connection, schema, table, wanted);
  for (const std::string& name : wanted) {
    if (std::ranges::find(described.columns, name, &Column::name) != described.columns.end()) continue;
    throw Error(ErrorKind::schema, fmt::format("{}.{} has no column \"{}\"", schema, table, name),
                "add it, or take it out of the project");
  }
  return described;
}

std::optional<PublishedTable> find_published(Connection& connection, std::string_view publication,
                                             std::string_view schema, std::string_view table) {
  const Result published =
      connection.query(published_columns_sql(connection.server_version()),
                       {std::string(publication), std::string(schema), std::string(table)});
  if (published.rows() == 0) return std::nullopt;
  return PublishedTable{describe(connection, schema, table, names(published, 0)),
                        std::string(published.text(0, 1))};
}

PublishedTable describe_published(Connection& connection, std::string_view publication,
                                  std::string_view schema, std::string_view table) {
  auto found = find_published(connection, publication, schema, table);
  if (found) return *std::move(found);
  throw Error(ErrorKind::schema,
              fmt::format("the publication \"{}\" has no table {}.{}", publication, schema, table),
              "freshet doctor has the statement that adds it");
}

// As format_type() with an empty search_path, whatever this session's is: so the contracts have it.
std::string TypeCatalog::format(std::uint32_t oid, std::int32_t typmod) {
  const Result result = connection_.query(
      "SELECT CASE WHEN n.nspname <> 'pg_catalog' AND pg_type_is_visible(named.oid) "
      "THEN quote_ident(n.nspname) || '.' ELSE '' END || format_type(t.oid, $2::int4) "
      "FROM pg_type t LEFT JOIN pg_type e ON e.typarray = t.oid "
      "JOIN pg_type named ON named.oid = coalesce(e.oid, t.oid) "
      "JOIN pg_namespace n ON n.oid = named.typnamespace WHERE t.oid = $1::oid",
      {std::to_string(oid), std::to_string(typmod)});
  if (result.rows() == 0) return "???";  // as format_type() calls a type that is gone
  return std::string(result.text(0, 0));
}

const TypeCatalog::Row& TypeCatalog::look_up(std::uint32_t oid) {
  if (const auto known = rows_.find(oid); known != rows_.end()) return known->second;
  const Result result = connection_.query(
      "SELECT t.typtype, t.typbasetype, t.typtypmod, CASE WHEN e.typarray = t.oid THEN e.oid ELSE 0 END, "
      "t.typname = 'citext' FROM pg_type t LEFT JOIN pg_type e ON e.oid = t.typelem WHERE t.oid = $1::oid",
      {std::to_string(oid)});
  Row row;
  if (result.rows() == 1) {
    row.kind = result.text(0, 0).front();
    row.base = oid_of(result, 0, 1);
    row.base_typmod = static_cast<std::int32_t>(result.integer(0, 2));
    row.element = oid_of(result, 0, 3);
    row.citext = is_true(result, 0, 4);
  }
  return rows_.emplace(oid, row).first->second;
}

PgType TypeCatalog::resolve(std::uint32_t oid, std::int32_t typmod) {
  if (const auto known = resolved_.find({oid, typmod}); known != resolved_.end()) return known->second;
  PgType type = builtin_type(oid, typmod);
  if (type.kind == TypeKind::other) {
    const Row& row = look_up(oid);
    if (row.kind == 'd') return resolve(row.base, row.base_typmod);
    if (row.kind == 'e') type.kind = TypeKind::enumeration;
    if (row.citext) type.kind = TypeKind::text;
    if (row.element != 0) {
      const PgType element = resolve(row.element, typmod);
      // Of a domain over an array, or of what we only know as text: text as a whole, like the contract's.
      if (element.kind != TypeKind::array && element.kind != TypeKind::other) {
        type.kind = TypeKind::array;
        type.element = element.kind;
        type.element_oid = row.element;
        type.precision = element.precision;
        type.scale = element.scale;
      }
    }
  }
  type.name = format(oid, typmod);
  return resolved_.emplace(std::pair(oid, typmod), type).first->second;
}

}  // namespace freshet::capture
