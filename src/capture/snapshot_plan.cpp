#include "capture/snapshot_plan.h"

#include <fmt/format.h>

#include "capture/catalog.h"

namespace freshet::capture {
namespace {

using postgres::quote_identifier;
using postgres::quote_literal;
using postgres::quote_table;

// The leaves of $1, or it itself.
constexpr const char* kLeaves = R"(
  SELECT c.oid, n.nspname, c.relname, c.relkind, greatest(c.reltuples, 0)::int8
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.oid IN (SELECT relid FROM pg_partition_tree($1::oid::regclass) WHERE isleaf
                  UNION SELECT oid FROM pg_class WHERE oid = $1::oid AND relkind <> 'p')
    AND ($2::oid IS NULL OR c.oid = $2::oid)
  ORDER BY c.oid)";

std::string name_list(const TableSchema& schema) {
  std::string list;
  for (const Column& column : schema.columns) list += (list.empty() ? "" : ", ") + quote_literal(column.name);
  return "ARRAY[" + list + "]::name[]";
}

PublishedTable describe(postgres::Connection& connection, const TableRequest& request,
                        const std::string& publication) {
  if (request.columns.empty() && request.mode != SnapshotMode::periodic && !publication.empty())
    return describe_published(connection, publication, request.schema, request.table);
  return {describe_table(connection, request.schema, request.table, request.columns), {}};
}

// The identity first: when it is still the same at a chunk, the size was that of the same file. Pages that
// are appended later hold rows that came after V, through the stream.
void measure(postgres::Connection& connection, const TableSchema& schema, Leaf& leaf) {
  leaf.identity = connection.query(identity_query(schema, leaf.name)).text(0, 0);
  leaf.blocks = static_cast<std::uint32_t>(
      connection
          .query("SELECT coalesce(pg_relation_size($1::oid), 0) / current_setting('block_size')::int8",
                 {std::to_string(leaf.oid)})
          .integer(0, 0));
}

void refuse_foreign(const postgres::Result& leaves, int row) {
  if (leaves.text(row, 3) != "f") return;
  throw Error(ErrorKind::unsupported,
              fmt::format("{}.{} is a foreign table: it has neither pages nor WAL", leaves.text(row, 1),
                          leaves.text(row, 2)),
              "replicate it from its own server");
}

}  // namespace

std::string identity_query(const TableSchema& schema, const std::string& leaf_name) {
  return fmt::format(
      "SELECT md5(concat_ws(' ', c.oid, pg_relation_filenode(c.oid),"
      " (SELECT string_agg(concat_ws(':', attname, atttypid, atttypmod), ',' ORDER BY attname)"
      "  FROM pg_attribute WHERE attrelid = c.oid AND NOT attisdropped AND attname = ANY ({})),"
      " (SELECT string_agg(relid::oid::text, ',' ORDER BY relid::oid) FROM pg_partition_tree({}) WHERE "
      "isleaf)))"
      " FROM pg_class c WHERE c.oid = {}::regclass",
      name_list(schema), schema.relation_oid, quote_literal(leaf_name));
}

std::string sent_as(const Column& column, const std::string& value) {
  if (readable_in_binary(column.type)) return value;
  // IS DISTINCT FROM NULL, not IS NOT NULL: a composite of NULLs is a value.
  return fmt::format("CASE WHEN {0} IS DISTINCT FROM NULL THEN pg_catalog.format('%s', {0}) END", value);
}

std::string column_list(const TableSchema& schema) {
  std::string list;
  for (const Column& column : schema.columns)
    list += (list.empty() ? "" : ", ") + sent_as(column, quote_identifier(column.name));
  return list;
}

TablePlan plan_table(postgres::Connection& connection, const TableRequest& request,
                     const std::string& publication) {
  PublishedTable described = describe(connection, request, publication);
  TablePlan plan;
  plan.schema = std::make_shared<const TableSchema>(std::move(described.schema));
  plan.row_filter = std::move(described.row_filter);
  const std::string root = std::to_string(plan.schema->relation_oid);
  plan.partitioned =
      connection.query("SELECT 1 FROM pg_class WHERE oid = $1::oid AND relkind = 'p'", {root}).rows() == 1;
  postgres::Parameter only;
  if (request.leaf) only = std::to_string(*request.leaf);
  const postgres::Result leaves = connection.query(kLeaves, {root, only});
  // Dropped between two of these queries: with nothing to read, the reading would never end.
  if (leaves.rows() == 0 && !plan.partitioned && !request.leaf)
    throw Error(ErrorKind::schema, fmt::format("there is no table {}.{} at {}", request.schema, request.table,
                                               connection.where()));
  for (int row = 0; row < leaves.rows(); ++row) {
    refuse_foreign(leaves, row);
    Leaf leaf;
    leaf.oid = static_cast<std::uint32_t>(leaves.integer(row, 0));
    leaf.name = quote_table(leaves.text(row, 1), leaves.text(row, 2));
    measure(connection, *plan.schema, leaf);
    plan.rows_estimate += static_cast<std::uint64_t>(leaves.integer(row, 4));
    plan.leaves.push_back(std::move(leaf));
  }
  return plan;
}

}  // namespace freshet::capture
