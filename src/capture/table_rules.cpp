#include <fmt/format.h>
#include <fmt/ranges.h>

#include "capture/source_rules.h"

namespace freshet::capture {
namespace {

using postgres::Connection;
using postgres::quote_identifier;
using postgres::quote_table;
using postgres::Result;

constexpr int kColumnLists = 150'000;

constexpr const char* kFacts = R"(
  SELECT c.relkind, c.relreplident, c.relpersistence = 'p',
         coalesce(bool_or(i.indisprimary AND i.indimmediate), false),
         coalesce(bool_or(i.indisprimary AND NOT i.indimmediate), false),
         coalesce(bool_or(i.indisreplident), false),
         has_any_column_privilege(c.oid, 'SELECT'), row_security_active(c.oid),
         has_schema_privilege(c.relnamespace, 'USAGE'), c.oid
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_index i ON i.indrelid = c.oid
  WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p', 'f', 'v', 'm') GROUP BY c.oid)";

constexpr const char* kUnloggedPartition = R"(
  WITH RECURSIVE tree (oid) AS (
    SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND c.relname = $2
    UNION ALL
    SELECT i.inhrelid FROM tree JOIN pg_inherits i ON i.inhparent = tree.oid AND NOT i.inhdetachpending)
  SELECT n.nspname, c.relname
  FROM tree JOIN pg_class c USING (oid) JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind <> 'p' AND c.relpersistence = 'u' ORDER BY 1, 2 LIMIT 1)";

std::string plain_name(const StreamedTable& table) {
  return table.schema + "." + table.table;
}

std::string sql_name(const StreamedTable& table) {
  return quote_table(table.schema, table.table);
}

std::string current_user(Connection& connection) {
  return std::string(connection.query("SELECT current_user").text(0, 0));
}

void require_table(Connection&, const StreamedTable& table, const TableFacts& facts) {
  if (facts.kind == 'r' || facts.kind == 'p') return;
  const bool foreign = facts.kind == 'f';
  throw Error(ErrorKind::unsupported,
              fmt::format("{} is a {}: it has no WAL", plain_name(table), foreign ? "foreign table" : "view"),
              foreign ? "replicate it from its own server, and take its contract out of the project"
                      : "take its contract out of the project, and mirror the tables it reads");
}

Error unlogged(const StreamedTable& table) {
  return Error(ErrorKind::config,
               fmt::format("{} is unlogged: its changes never reach the WAL", plain_name(table)),
               fmt::format("ALTER TABLE {} SET LOGGED", sql_name(table)));
}

// A partition that PostgreSQL publishes through a table above it may be unlogged all the same.
void require_logged(Connection& connection, const StreamedTable& table, const TableFacts& facts) {
  if (!facts.logged) throw unlogged(table);
  if (facts.kind != 'p') return;
  const Result partition = connection.query(kUnloggedPartition, {table.schema, table.table});
  if (partition.rows() == 0) return;
  throw unlogged({std::string(partition.text(0, 0)), std::string(partition.text(0, 1)), {}, {}});
}

void require_readable(Connection& connection, const StreamedTable& table, const TableFacts& facts) {
  const auto refuse = [&](const std::string& what, const std::string& right) {
    throw Error(ErrorKind::permission, what,
                fmt::format("GRANT {} TO {}", right, quote_identifier(current_user(connection))));
  };
  if (!facts.schema_usable)
    refuse(fmt::format("may not use the schema of {}", plain_name(table)),
           "USAGE ON SCHEMA " + quote_identifier(table.schema));
  if (!facts.readable) refuse("may not read " + plain_name(table), "SELECT ON " + sql_name(table));
}

// A snapshot that leaves out rows without a word would be wrong; with row_security = off it fails instead.
void require_all_rows(Connection& connection, const StreamedTable& table, const TableFacts& facts) {
  if (!facts.rows_hidden) return;
  const std::string user = current_user(connection);
  throw Error(ErrorKind::permission,
              fmt::format("row-level security of {} hides rows from the role {}", plain_name(table), user),
              fmt::format("ALTER ROLE {} BYPASSRLS", quote_identifier(user)));
}

void require_list_support(Connection& connection, const StreamedTable& table, const TableFacts&) {
  if (table.columns.empty() || connection.server_version() >= kColumnLists) return;
  throw Error(ErrorKind::unsupported,
              fmt::format("{} leaves out columns, which PostgreSQL 14 can't", plain_name(table)),
              "PostgreSQL 15 or newer has column lists");
}

void require_list_fits_identity(Connection&, const StreamedTable& table, const TableFacts& facts) {
  if (table.columns.empty() || facts.identity != 'f') return;
  throw Error(ErrorKind::config,
              fmt::format("{} has REPLICA IDENTITY FULL, and its contract leaves out columns: published so, "
                          "every UPDATE and DELETE at the source would fail",
                          plain_name(table)),
              fmt::format("ALTER TABLE {} REPLICA IDENTITY DEFAULT, or let the contract have every column",
                          sql_name(table)));
}

constexpr TableRule kRules[] = {
    {"is a table", require_table},
    {"is logged", require_logged},
    {"replica identity", require_identity},
    {"unique key of a FULL identity", require_unique_key},
    {"replica identity of partitions", require_identity_of_partitions},
    {"right to read", require_readable},
    {"row-level security", require_all_rows},
    {"column list", require_list_support},
    {"column list of a FULL identity", require_list_fits_identity},
};

}  // namespace

TableFacts table_facts(Connection& connection, const StreamedTable& table) {
  const Result row = connection.query(kFacts, {table.schema, table.table});
  if (row.rows() == 0) {
    throw Error(ErrorKind::config,
                fmt::format("there is no table {} at {}", plain_name(table), connection.where()),
                "create it, or take it out of the project");
  }
  const auto is_true = [&](int column) { return row.text(0, column) == "t"; };
  return {.kind = row.text(0, 0).front(),
          .identity = row.text(0, 1).front(),
          .logged = is_true(2),
          .has_key = is_true(3),
          .deferrable_key = is_true(4),
          .identity_index = is_true(5),
          .readable = is_true(6),
          .rows_hidden = is_true(7),
          .schema_usable = is_true(8),
          .oid = static_cast<std::uint32_t>(row.integer(0, 9))};
}

std::span<const TableRule> table_rules() {
  return kRules;
}

}  // namespace freshet::capture
