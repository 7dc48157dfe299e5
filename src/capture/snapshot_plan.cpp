#include "capture/snapshot_plan.h"

#include <fmt/format.h>

#include "capture/catalog.h"

namespace freshet::capture {
namespace {

using postgres::quote_identifier;
using postgres::quote_literal;
using postgres::quote_table;

constexpr int kPublishedSchemas = 150'000;  // the first server that has them

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

// "" for a table that is read without being published.
std::string publication_of(const TableRequest& request, const std::string& publication) {
  return request.mode == SnapshotMode::periodic ? "" : publication;
}

PublishedTable describe(postgres::Connection& connection, const TableRequest& request,
                        const std::string& publication) {
  PublishedTable described;
  if (!publication.empty())
    described = describe_published(connection, publication, request.schema, request.table);
  if (publication.empty() || !request.columns.empty())
    described.schema = describe_table(connection, request.schema, request.table, request.columns);
  return described;
}

// An SQL expression: the OIDs of the publication and of its entries for the table, for a table above it, or
// for a schema of theirs. A publication of all tables has none.
std::string published_sql(const postgres::Connection& connection, const std::string& publication,
                          std::uint32_t table) {
  if (publication.empty()) return "''";
  const std::string kin =
      fmt::format("SELECT {0}::oid UNION SELECT relid FROM pg_partition_ancestors({0})", table);
  const std::string of_tables = fmt::format(
      "(SELECT string_agg(oid::text, ',' ORDER BY oid) FROM pg_publication_rel"
      " WHERE prpubid = p.oid AND prrelid IN ({}))",
      kin);
  const std::string of_schemas = fmt::format(
      "(SELECT string_agg(oid::text, ',' ORDER BY oid) FROM pg_publication_namespace"
      " WHERE pnpubid = p.oid AND pnnspid IN (SELECT relnamespace FROM pg_class WHERE oid IN ({})))",
      kin);
  return fmt::format("(SELECT concat_ws(' ', p.oid, {}, {}) FROM pg_publication p WHERE p.pubname = {})",
                     of_tables, connection.server_version() < kPublishedSchemas ? "NULL" : of_schemas,
                     quote_literal(publication));
}

std::string identity_query(const TableSchema& schema, const std::string& leaf_name,
                           const std::string& published) {
  return fmt::format(
      "SELECT md5(concat_ws(' ', c.oid, pg_relation_filenode(c.oid),"
      " (SELECT string_agg(concat_ws(':', attname, atttypid, atttypmod), ',' ORDER BY attname)"
      "  FROM pg_attribute WHERE attrelid = c.oid AND NOT attisdropped AND attname = ANY ({})),"
      " (SELECT count(*) FROM pg_partition_tree({}) WHERE relid = c.oid), {}))"
      " FROM pg_class c WHERE c.oid = to_regclass({})",
      name_list(schema), schema.relation_oid, published, quote_literal(leaf_name));
}

// The identity first: when it is still the same at a chunk, the size was that of the same file. Pages that
// are appended later hold rows that came after V, through the stream.
void measure(postgres::Connection& connection, Leaf& leaf) {
  const postgres::Result identity = connection.query(leaf.identity_query);
  if (identity.rows() == 0)
    throw Error(ErrorKind::transient,
                leaf.name + " was dropped, or got another name, while its table was looked at");
  leaf.identity = identity.text(0, 0);
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

std::string published_as(postgres::Connection& connection, const TableRequest& request,
                         const std::string& publication) {
  const std::string by = publication_of(request, publication);
  const std::uint32_t table = describe(connection, request, by).schema.relation_oid;
  return std::string(connection.query("SELECT " + published_sql(connection, by, table)).text(0, 0));
}

TablePlan plan_table(postgres::Connection& connection, const TableRequest& request,
                     const std::string& publication) {
  const std::string by = publication_of(request, publication);
  PublishedTable described = describe(connection, request, by);
  const std::string published = published_sql(connection, by, described.schema.relation_oid);
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
    leaf.identity_query = identity_query(*plan.schema, leaf.name, published);
    measure(connection, leaf);
    plan.rows_estimate += static_cast<std::uint64_t>(leaves.integer(row, 4));
    plan.leaves.push_back(std::move(leaf));
  }
  plan.published = connection.query("SELECT " + published).text(0, 0);
  return plan;
}

}  // namespace freshet::capture
