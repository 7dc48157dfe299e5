#include "contract/catalogue.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "adapter/postgres/connection.h"
#include "contract/row_identity.h"

namespace freshet::contract {
namespace {

// Ordinary and partitioned tables. A partition is read through its root; a child of plain inheritance is a
// table.
constexpr const char* kTables = R"sql(
SELECT c.oid, n.nspname, c.relname, c.relkind = 'p', c.relpersistence = 'p', greatest(c.reltuples, 0)::bigint,
       coalesce(obj_description(c.oid, 'pg_class'), ''),
       EXISTS (SELECT 1 FROM pg_catalog.pg_publication_tables p
               WHERE p.pubname = $1 AND p.schemaname = n.nspname AND p.tablename = c.relname),
       coalesce(k.deferrable, false),
       (SELECT s.relname FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class s ON s.oid = i.indexrelid
        WHERE i.indrelid = c.oid AND i.indisunique AND i.indimmediate AND i.indisvalid AND i.indpred IS NULL
          AND i.indexprs IS NULL
          AND NOT EXISTS (SELECT 1 FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS part(attnum, place)
                          JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = part.attnum
                          WHERE part.place <= i.indnkeyatts AND NOT a.attnotnull)
        ORDER BY i.indnatts, s.relname LIMIT 1),
       c.relreplident, c.relkind = 'r' AND EXISTS (SELECT 1 FROM pg_catalog.pg_inherits WHERE inhparent = c.oid)
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN LATERAL (SELECT NOT i.indimmediate AS deferrable FROM pg_catalog.pg_index i
                   WHERE i.indrelid = c.oid AND i.indisprimary) k ON true
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
  AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'freshet')
  AND (cardinality($2::text[]) = 0 OR n.nspname = ANY ($2::text[]))
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d
                  WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY n.nspname, c.relname)sql";

// Columns with the name of their type and, where that is user-defined, of what it is made: a domain is
// followed to its base with the innermost modifier, an array of domains or enums likewise. NOT NULL of a
// domain doesn't count: an outer join can store a NULL all the same. The key is the replica identity index
// where one is chosen, else the primary key.
constexpr const char* kColumns = R"sql(
WITH RECURSIVE base (oid, base, modifier) AS (
  SELECT t.oid, t.oid, -1 FROM pg_catalog.pg_type t WHERE t.typtype <> 'd'
  UNION ALL
  SELECT d.oid, b.base, CASE WHEN d.typtypmod <> -1 THEN d.typtypmod ELSE b.modifier END
  FROM pg_catalog.pg_type d JOIN base b ON d.typbasetype = b.oid WHERE d.typtype = 'd')
SELECT a.attname,
       pg_catalog.format_type(b.base, CASE WHEN b.base = a.atttypid THEN a.atttypmod ELSE b.modifier END),
       CASE WHEN t.typtype = 'e' THEN 'enum' WHEN elements.typtype = 'e' THEN 'enum[]'
            WHEN t.typelem <> 0 AND t.typcategory = 'A' AND element.base <> t.typelem
            THEN pg_catalog.format_type(element.base, element.modifier) || '[]' END,
       NOT a.attnotnull, a.attgenerated <> '',
       coalesce((SELECT part.place FROM pg_catalog.pg_index i,
                        unnest(i.indkey::int2[]) WITH ORDINALITY AS part(attnum, place)
                 WHERE i.indrelid = c.oid AND part.attnum = a.attnum AND part.place <= i.indnkeyatts
                   AND CASE WHEN c.relreplident = 'i' THEN i.indisreplident ELSE i.indisprimary END), 0),
       coalesce(pg_catalog.col_description(c.oid, a.attnum), ''), a.attrelid
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN base b ON b.oid = a.atttypid
JOIN pg_catalog.pg_type t ON t.oid = b.base
LEFT JOIN base element ON t.typcategory = 'A' AND element.oid = t.typelem
LEFT JOIN pg_catalog.pg_type elements ON elements.oid = element.base
WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum)sql";

// Before 15 a publication has no column lists.
constexpr const char* kPublished = R"sql(
SELECT c.oid, name FROM pg_catalog.pg_publication_tables p
JOIN pg_catalog.pg_namespace n ON n.nspname = p.schemaname
JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = p.tablename, unnest(p.attnames) AS name
WHERE p.pubname = $1)sql";

// {"a","b"}: an array's text form.
std::string array_literal(const std::vector<std::string>& texts) {
  std::string literal = "{";
  for (const auto& text : texts) {
    if (literal.size() > 1) literal += ',';
    literal += '"';
    for (const char c : text) {
      if (c == '"' || c == '\\') literal += '\\';
      literal += c;
    }
    literal += '"';
  }
  return literal + '}';
}

bool truth(const postgres::Result& rows, int row, int column) {
  return rows.text(row, column) == "t";
}

CatalogueTable table_of(const postgres::Result& rows, int row) {
  CatalogueTable table;
  table.name = {std::string(rows.text(row, 1)), std::string(rows.text(row, 2))};
  table.partitioned = truth(rows, row, 3);
  table.logged = truth(rows, row, 4);
  table.rows = rows.integer(row, 5);
  table.comment = rows.text(row, 6);
  table.published = truth(rows, row, 7);
  table.key_deferrable = truth(rows, row, 8);
  if (const auto index = rows.value(row, 9)) table.spare_index = std::string(*index);
  table.identity = rows.text(row, 10).front();
  table.has_children = truth(rows, row, 11);
  return table;
}

CatalogueColumn column_of(const postgres::Result& rows, int row) {
  CatalogueColumn column;
  column.name = rows.text(row, 0);
  column.type = column_type(rows.text(row, 1), rows.value(row, 2).value_or(""));
  column.nullable = truth(rows, row, 3);
  column.generated = truth(rows, row, 4);
  column.key_position = static_cast<int>(rows.integer(row, 5));
  column.comment = rows.text(row, 6);
  return column;
}

class Reader {
 public:
  Reader(postgres::Connection& connection, std::string publication)
      : connection_(connection), publication_(std::move(publication)) {}

  Catalogue read(const std::vector<std::string>& schemas) {
    connection_.query("SELECT set_config('search_path', '', false)");
    catalogue_.server_version = connection_.server_version();
    catalogue_.publication_exists =
        connection_.query("SELECT 1 FROM pg_catalog.pg_publication WHERE pubname = $1", {publication_})
            .rows() > 0;
    read_tables(schemas);
    read_columns();
    for (const auto& [oid, place] : places_) read_partitions(oid, catalogue_.tables[place]);
    mark_published();
    return std::move(catalogue_);
  }

 private:
  void read_tables(const std::vector<std::string>& schemas) {
    const auto rows = connection_.query(kTables, {publication_, array_literal(schemas)});
    for (int row = 0; row < rows.rows(); ++row) {
      places_[std::string(rows.text(row, 0))] = catalogue_.tables.size();
      catalogue_.tables.push_back(table_of(rows, row));
    }
  }

  void read_columns() {
    std::vector<std::string> oids;
    oids.reserve(places_.size());
    for (const auto& [oid, place] : places_) oids.push_back(oid);
    const auto rows = connection_.query(kColumns, {fmt::format("{{{}}}", fmt::join(oids, ","))});
    for (int row = 0; row < rows.rows(); ++row) {
      table_at(rows.text(row, 7)).columns.push_back(column_of(rows, row));
    }
  }

  void read_partitions(const std::string& oid, CatalogueTable& table) {
    if (!table.partitioned || table.columns.empty()) return;
    const bool lacks_key = !table.has_key();
    if (lacks_key && !table.spare_index) return;
    std::vector<std::string> key;
    for (const auto& column : table.columns)
      if (lacks_key || column.key_position > 0) key.push_back(column.name);
    const auto identities = identities_of(connection_, {{static_cast<std::uint32_t>(std::stoul(oid)), key}});
    for (const TableIdentity& leaf : identities) {
      if (leaf.oid == leaf.root || leaf.of_rows == RowIdentity::key) continue;
      table.partition_statements.push_back(
          lacks_key ? identity_statement(connection_, leaf, 'i', *table.spare_index)
                    : identity_statement(connection_, leaf, table.identity));
    }
  }

  void mark_published() {
    if (catalogue_.server_version < 150000) {
      for (auto& table : catalogue_.tables) {
        for (auto& column : table.columns) column.published = table.published;
      }
      return;
    }
    const auto rows = connection_.query(kPublished, {publication_});
    for (int row = 0; row < rows.rows(); ++row) {
      if (!places_.contains(std::string(rows.text(row, 0)))) continue;
      auto& columns = table_at(rows.text(row, 0)).columns;
      const auto found =
          std::find_if(columns.begin(), columns.end(), [&](auto& c) { return c.name == rows.text(row, 1); });
      if (found != columns.end()) found->published = true;
    }
  }

  CatalogueTable& table_at(std::string_view oid) { return catalogue_.tables[places_.at(std::string(oid))]; }

  postgres::Connection& connection_;
  std::string publication_;
  Catalogue catalogue_;
  std::map<std::string, std::size_t> places_;  // of a table's OID in catalogue_.tables
};

}  // namespace

bool CatalogueTable::has_key() const {
  return std::any_of(columns.begin(), columns.end(),
                     [](const auto& column) { return column.key_position > 0; });
}

Catalogue read_catalogue(postgres::Connection& connection, const std::vector<std::string>& schemas,
                         const std::string& publication) {
  return Reader(connection, publication).read(schemas);
}

}  // namespace freshet::contract
