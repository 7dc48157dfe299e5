#include "capture/table_sight.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/log.h"
#include "contract/row_identity.h"

namespace freshet::capture {
namespace {

using postgres::Connection;
using postgres::quote_literal;
using postgres::Result;

constexpr std::chrono::milliseconds kDeadline{10'000};
constexpr int kPublishedSchemas = 150'000;  // the first server that has them

std::uint32_t number(const Result& rows, int row, int column) {
  return static_cast<std::uint32_t>(rows.integer(row, column));
}

// $1: the publication. A table is published by its own entry, by that of a table above it, by their schema's,
// or by a publication of all tables. Row versions tell alterations that leave the OID: of the publication,
// and of what says that a table stands in the schema, since a table that leaves it isn't published until it
// is back.
std::string tables_query(const Connection& connection, const std::vector<StreamedTable>& tables) {
  std::string wanted;
  for (std::size_t place = 0; place < tables.size(); ++place)
    wanted += fmt::format("{}({}, {}, {})", place == 0 ? "" : ", ", place,
                          quote_literal(tables[place].schema), quote_literal(tables[place].table));
  const std::string schemas = connection.server_version() < kPublishedSchemas ? "NULL" : R"((
  SELECT string_agg(concat_ws('.', e.oid, stands.xmin), ',' ORDER BY e.oid, stands.xmin::text)
  FROM pg_class kin
  JOIN pg_publication_namespace e ON e.pnpubid = p.oid AND e.pnnspid = kin.relnamespace
  LEFT JOIN pg_depend stands ON stands.classid = 'pg_class'::regclass AND stands.objid = kin.oid
       AND stands.objsubid = 0 AND stands.refclassid = 'pg_namespace'::regclass
  WHERE kin.oid IN (SELECT c.oid UNION SELECT relid FROM pg_partition_ancestors(c.oid))))";
  const std::string schemas_above = connection.server_version() < kPublishedSchemas ? "false" : R"(EXISTS (
  SELECT FROM pg_partition_ancestors(c.oid) JOIN pg_class kin ON kin.oid = relid AND kin.oid <> c.oid
  JOIN pg_publication_namespace e ON e.pnpubid = p.oid AND e.pnnspid = kin.relnamespace))";
  return fmt::format(
      R"(
  SELECT wanted.place, c.oid, concat_ws(',', p.oid || '.' || p.xmin::text, by_table, by_schema),
         concat(c.relreplident, (SELECT string_agg(concat_ws(':', indexrelid, indisprimary, indimmediate,
                                                             indisreplident), ',' ORDER BY indexrelid)
                                 FROM pg_index WHERE indrelid = c.oid AND (indisprimary OR indisreplident))),
         (SELECT xmin FROM pg_constraint WHERE conrelid = c.oid AND contype = 'p'),
         c.relispartition AND p.pubviaroot AND (p.puballtables OR above_by_table OR above_by_schema)
  FROM (VALUES {}) AS wanted (place, schema, name)
  JOIN pg_namespace n ON n.nspname = wanted.schema
  JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = wanted.name AND c.relkind IN ('r', 'p')
  JOIN pg_publication p ON p.pubname = $1,
  LATERAL (SELECT (SELECT string_agg(e.oid::text, ',' ORDER BY e.oid) FROM pg_publication_rel e
                   WHERE e.prpubid = p.oid AND e.prrelid IN
                         (SELECT c.oid UNION SELECT relid FROM pg_partition_ancestors(c.oid))) AS by_table,
                  EXISTS (SELECT FROM pg_publication_rel e JOIN pg_partition_ancestors(c.oid) AS above ON e.prrelid = relid
                          WHERE e.prpubid = p.oid AND relid <> c.oid) AS above_by_table,
                  {} AS by_schema,
                  {} AS above_by_schema) AS entries
  WHERE p.puballtables OR by_table IS NOT NULL OR by_schema IS NOT NULL)",
      wanted, schemas, schemas_above);
}

constexpr const char* kColumns = R"(
  SELECT attrelid, attname, attnum, atttypid, xmin FROM pg_attribute
  WHERE attrelid = ANY ($1::oid[]) AND attnum > 0 AND NOT attisdropped ORDER BY attrelid, attnum)";

constexpr const char* kLeaves = R"(
  WITH RECURSIVE tree (root, oid, attached) AS (
    SELECT oid, oid, '' FROM unnest($1::oid[]) AS roots (oid)
    UNION ALL
    SELECT tree.root, i.inhrelid, tree.attached || '/' || i.xmin::text
    FROM tree JOIN pg_class parent ON parent.oid = tree.oid AND parent.relkind = 'p'
    JOIN pg_inherits i ON i.inhparent = tree.oid AND NOT i.inhdetachpending)
  SELECT tree.root, tree.oid, c.relfilenode, tree.attached, c.relpersistence = 'p'
  FROM tree JOIN pg_class c ON c.oid = tree.oid AND c.relkind <> 'p')";

// Of columns, $1 their tables and $2 their numbers, down to what their types are made of: domains' bases,
// arrays' elements, composites' attributes.
constexpr const char* kTypes = R"(
  WITH RECURSIVE used (root, type) AS (
    SELECT attrelid, atttypid
    FROM pg_attribute JOIN unnest($1::oid[], $2::int2[]) AS mirrored (table_oid, number)
         ON attrelid = table_oid AND attnum = number
    UNION
    SELECT used.root, part.type FROM used JOIN pg_type t ON t.oid = used.type AND t.oid >= 16384,
    LATERAL (SELECT t.typbasetype UNION ALL SELECT t.typelem
             UNION ALL SELECT rngsubtype FROM pg_range WHERE rngtypid = t.oid
             UNION ALL SELECT atttypid FROM pg_attribute
                       WHERE attrelid = t.typrelid AND attnum > 0 AND NOT attisdropped) AS part (type))
  SELECT used.root, 'label', e.oid, 0, e.xmin FROM used JOIN pg_enum e ON e.enumtypid = used.type
  UNION ALL
  SELECT used.root, 'attribute', a.attrelid, a.attnum, a.xmin
  FROM used JOIN pg_type t ON t.oid = used.type AND t.typtype = 'c'
  JOIN pg_attribute a ON a.attrelid = t.typrelid AND a.attnum > 0)";

// The tables that were found, by OID.
using Found = std::map<std::uint32_t, SeenTable>;

std::string oids(const Found& found) {
  std::string list;
  for (const auto& [oid, table] : found) list += fmt::format("{}{}", list.empty() ? "" : ",", oid);
  return "{" + list + "}";
}

void see_columns(Connection& connection, Found& found) {
  const Result rows = connection.query(kColumns, {oids(found)}, kDeadline);
  for (int row = 0; row < rows.rows(); ++row)
    found.at(number(rows, row, 0))
        .columns.push_back({std::string(rows.text(row, 1)), number(rows, row, 2), number(rows, row, 3),
                            number(rows, row, 4)});
}

// Of what the mirror doesn't have nothing can be wrong in it.
void leave_mirrored_columns(const StreamedTable& table, SeenTable& seen) {
  for (SeenTable::Column& column : seen.columns) {
    if (const auto chosen = table.chosen_types.find(column.name); chosen != table.chosen_types.end())
      column.chosen_type = chosen->second;
    if (const auto nulled = table.nulled.find(column.name); nulled != table.nulled.end())
      column.nulled = nulled->second;
  }
  if (table.mirrored.empty()) return;
  std::erase_if(seen.columns, [&](const SeenTable::Column& column) {
    return std::ranges::find(table.mirrored, column.name) == table.mirrored.end();
  });
}

void see_leaves(Connection& connection, Found& found) {
  const Result rows = connection.query(kLeaves, {oids(found)}, kDeadline);
  for (int row = 0; row < rows.rows(); ++row)
    found.at(number(rows, row, 0)).leaves[number(rows, row, 1)] = {.file = number(rows, row, 2),
                                                                   .attached = std::string(rows.text(row, 3)),
                                                                   .logged = rows.text(row, 4) == "t"};
}

void see_identities(Connection& connection, const std::map<std::uint32_t, std::vector<std::string>>& keys,
                    Found& found) {
  for (const contract::TableIdentity& seen : contract::identities_of(connection, keys)) {
    SeenTable& table = found.at(seen.root);
    if (seen.oid == seen.root)
      table.identity = seen.of_rows;
    else
      table.leaves.at(seen.oid).identity = seen.of_rows;
  }
}

void see_types(Connection& connection, Found& found) {
  std::string tables;
  std::string numbers;
  for (const auto& [oid, table] : found) {
    for (const SeenTable::Column& column : table.columns) {
      tables += fmt::format("{}{}", tables.empty() ? "" : ",", oid);
      numbers += fmt::format("{}{}", numbers.empty() ? "" : ",", column.number);
    }
  }
  const Result rows = connection.query(kTypes, {"{" + tables + "}", "{" + numbers + "}"}, kDeadline);
  for (int row = 0; row < rows.rows(); ++row) {
    SeenTable::Types& types = found.at(number(rows, row, 0)).types;
    const std::uint32_t version = number(rows, row, 4);
    if (rows.text(row, 1) == "label")
      types.labels[number(rows, row, 2)] = version;
    else
      types.attributes[{number(rows, row, 2), number(rows, row, 3)}] = version;
  }
}

}  // namespace

std::vector<std::optional<SeenTable>> see_tables(Connection& connection, const std::string& publication,
                                                 const std::vector<StreamedTable>& tables) {
  std::vector<std::optional<SeenTable>> seen(tables.size());
  if (tables.empty()) return seen;
  connection.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", kDeadline);
  const Result rows = connection.query(tables_query(connection, tables), {publication}, kDeadline);
  Found found;
  std::map<std::uint32_t, std::vector<std::string>> keys;
  for (int row = 0; row < rows.rows(); ++row) {
    SeenTable& table = found[number(rows, row, 1)];
    keys[number(rows, row, 1)] = tables[static_cast<std::size_t>(rows.integer(row, 0))].key;
    table.oid = number(rows, row, 1);
    table.published = rows.text(row, 2);
    table.identifies_rows = rows.text(row, 3);
    if (!rows.is_null(row, 4)) table.key = number(rows, row, 4);
    table.comes_as_another = rows.text(row, 5) == "t";
  }
  see_columns(connection, found);
  for (int row = 0; row < rows.rows(); ++row)
    leave_mirrored_columns(tables[static_cast<std::size_t>(rows.integer(row, 0))],
                           found.at(number(rows, row, 1)));
  see_leaves(connection, found);
  see_identities(connection, keys, found);
  see_types(connection, found);
  connection.run("COMMIT", kDeadline);
  for (int row = 0; row < rows.rows(); ++row)
    seen[static_cast<std::size_t>(rows.integer(row, 0))] = std::move(found.at(number(rows, row, 1)));
  return seen;
}

void see_empty_leaves(Connection& connection, SeenTable& table) {
  if (table.leaves.contains(table.oid) || table.leaves.empty()) return;
  std::string list;
  for (const auto& [oid, leaf] : table.leaves) list += fmt::format("{}{}", list.empty() ? "" : ",", oid);
  connection.run("BEGIN READ ONLY; SET LOCAL lock_timeout = 200", kDeadline);
  try {
    const Result empty = connection.query(
        "SELECT oid FROM unnest($1::oid[]) AS leaves (oid) WHERE pg_relation_size(oid::regclass) = 0",
        {"{" + list + "}"}, kDeadline);
    for (int row = 0; row < empty.rows(); ++row) table.leaves.at(number(empty, row, 0)).may_have_rows = false;
  } catch (const postgres::SqlError& error) {
    log::info("leaves_not_measured", {{"error", error.message()}});
  }
  connection.run("ROLLBACK", kDeadline);
}

}  // namespace freshet::capture
