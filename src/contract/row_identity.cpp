#include "contract/row_identity.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>

#include "adapter/postgres/connection.h"

namespace freshet::contract {
namespace {

using postgres::quote_identifier;
using postgres::quote_literal;
using postgres::quote_table;
using postgres::Result;

constexpr std::chrono::milliseconds kDeadline{10'000};

// {}: the columns of each key, with their table. A column that an index merely includes tells nothing.
constexpr const char* kIdentities = R"(
  WITH RECURSIVE wanted (root, name) AS (VALUES {}),
  tree (root, oid) AS (
    SELECT DISTINCT root, root FROM wanted
    UNION ALL
    SELECT tree.root, i.inhrelid FROM tree JOIN pg_class parent ON parent.oid = tree.oid AND parent.relkind = 'p'
    JOIN pg_inherits i ON i.inhparent = tree.oid AND NOT i.inhdetachpending)
  SELECT tree.root, c.oid, n.nspname, c.relname, c.relreplident,
         CASE WHEN c.relreplident = 'f' THEN
                CASE WHEN c.oid <> tree.root OR EXISTS (
                  SELECT FROM pg_index u
                  WHERE u.indrelid = c.oid AND u.indisunique AND u.indimmediate AND u.indisvalid
                    AND u.indpred IS NULL AND u.indexprs IS NULL
                    AND NOT EXISTS (SELECT FROM pg_attribute a
                                    WHERE a.attrelid = c.oid
                                      AND a.attnum = ANY ((u.indkey::int2[])[0:u.indnkeyatts - 1])
                                      AND NOT (a.attnotnull AND a.attname IN
                                               (SELECT name FROM wanted WHERE wanted.root = tree.root))))
                THEN 'key' ELSE 'not unique' END
              WHEN i.indexrelid IS NULL THEN 'none'
              WHEN EXISTS (SELECT FROM wanted
                           WHERE wanted.root = tree.root AND NOT EXISTS
                                 (SELECT FROM pg_attribute a
                                  WHERE a.attrelid = c.oid AND a.attname = wanted.name
                                    AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])))
              THEN 'another' ELSE 'key' END
  FROM tree JOIN pg_class c ON c.oid = tree.oid JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indimmediate
       AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END
  WHERE c.oid = tree.root OR c.relkind <> 'p'
  ORDER BY tree.root, c.oid <> tree.root, n.nspname, c.relname)";

// $1: a leaf; $2: its root, $3: an index of that, or what is its identity. The leaf's own part of it.
constexpr const char* kIndexOfLeaf = R"(
  WITH RECURSIVE above (index, top) AS (
    SELECT indexrelid, indexrelid FROM pg_index WHERE indrelid = $1::oid
    UNION ALL
    SELECT above.index, i.inhparent FROM above JOIN pg_inherits i ON i.inhrelid = above.top)
  SELECT own.relname FROM above JOIN pg_class own ON own.oid = above.index
  JOIN pg_class root ON root.oid = above.top JOIN pg_index i ON i.indexrelid = above.top
  WHERE i.indrelid = $2::oid AND CASE WHEN $3::text = '' THEN i.indisreplident ELSE root.relname = $3::text END LIMIT 1)";

RowIdentity read_identity(std::string_view text) {
  if (text == "another") return RowIdentity::another;
  if (text == "none") return RowIdentity::none;
  if (text == "not unique") return RowIdentity::not_unique;
  return RowIdentity::key;
}

std::string wanted_columns(const std::map<std::uint32_t, std::vector<std::string>>& keys) {
  std::vector<std::string> wanted;
  for (const auto& [root, key] : keys)
    for (const std::string& column : key)
      wanted.push_back(fmt::format("({}::oid, {}::text)", root, quote_literal(column)));
  return fmt::format("{}", fmt::join(wanted, ", "));
}

std::string alter_table(const TableName& table) {
  return "ALTER TABLE " + quote_table(table.schema, table.table);
}

}  // namespace

std::vector<TableIdentity> identities_of(postgres::Connection& connection,
                                         const std::map<std::uint32_t, std::vector<std::string>>& keys) {
  std::vector<TableIdentity> identities;
  const std::string wanted = wanted_columns(keys);
  if (wanted.empty()) return identities;
  const Result rows = connection.query(fmt::format(fmt::runtime(kIdentities), wanted), {}, kDeadline);
  for (int row = 0; row < rows.rows(); ++row)
    identities.push_back({.root = static_cast<std::uint32_t>(rows.integer(row, 0)),
                          .oid = static_cast<std::uint32_t>(rows.integer(row, 1)),
                          .name = {std::string(rows.text(row, 2)), std::string(rows.text(row, 3))},
                          .replica_identity = rows.text(row, 4).front(),
                          .of_rows = read_identity(rows.text(row, 5))});
  return identities;
}

std::string identity_statement(postgres::Connection& connection, const TableIdentity& leaf, char identity,
                               const std::string& index) {
  const std::string alter = alter_table(leaf.name) + " REPLICA IDENTITY ";
  if (identity == 'd') return alter + "DEFAULT";
  if (identity == 'f') return alter + "FULL";
  const Result own =
      connection.query(kIndexOfLeaf, {std::to_string(leaf.oid), std::to_string(leaf.root), index}, kDeadline);
  return own.rows() == 0 ? alter + "FULL" : alter + "USING INDEX " + quote_identifier(own.text(0, 0));
}

std::string index_statement(const TableName& table, const std::vector<std::string>& key) {
  std::vector<std::string> columns;
  for (const std::string& column : key) columns.push_back(quote_identifier(column));
  const std::string index = quote_identifier(table.table + "_identity");
  return fmt::format("CREATE UNIQUE INDEX {} ON {} ({}); {} REPLICA IDENTITY USING INDEX {}", index,
                     quote_table(table.schema, table.table), fmt::join(columns, ", "), alter_table(table),
                     index);
}

}  // namespace freshet::contract
