#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "capture/source_rules.h"

namespace freshet::capture {
namespace {

using postgres::Connection;
using postgres::quote_identifier;
using postgres::quote_table;
using postgres::Result;

std::string plain_name(const StreamedTable& table) {
  return table.schema + "." + table.table;
}

// Nothing a mirror leaves out comes into the stream. None, which is all, where it takes all: a table with a
// list publishes no column that is added later.
std::vector<std::string> columns_to_list(Connection& connection, const StreamedTable& table) {
  if (!table.columns.empty() || table.mirrored.empty()) return table.columns;
  const Result all = connection.query(
      "SELECT attname FROM pg_attribute JOIN pg_class c ON c.oid = attrelid "
      "JOIN pg_namespace n ON n.oid = c.relnamespace "
      "WHERE nspname = $1 AND relname = $2 AND attnum > 0 AND NOT attisdropped AND attgenerated = '' "
      "ORDER BY attnum",
      {table.schema, table.table});
  std::vector<std::string> taken;
  for (int row = 0; row < all.rows(); ++row)
    if (std::ranges::find(table.mirrored, all.text(row, 0)) != table.mirrored.end())
      taken.emplace_back(all.text(row, 0));
  return static_cast<int>(taken.size()) == all.rows() ? std::vector<std::string>() : taken;
}

// ONLY: PostgreSQL would publish the children of an inheritance, too, and those without a key could not be
// updated any more.
std::string table_entry(Connection& connection, const StreamedTable& table) {
  const std::string name = "ONLY " + quote_table(table.schema, table.table);
  std::vector<std::string> columns;
  for (const std::string& column : columns_to_list(connection, table))
    columns.push_back(quote_identifier(column));
  return columns.empty() ? name : fmt::format("{} ({})", name, fmt::join(columns, ", "));
}

std::string add_table(Connection& connection, const std::string& publication, const StreamedTable& table) {
  return fmt::format("ALTER PUBLICATION {} ADD TABLE {}", quote_identifier(publication),
                     table_entry(connection, table));
}

void require_all_rows(Connection& connection, const SourceWishes& wishes, const Published& published) {
  if (published.as.row_filter.empty()) return;
  throw Error(
      ErrorKind::unsupported,
      fmt::format("the publication \"{}\" filters the rows of {}", wishes.publication,
                  plain_name(published.table)),
      fmt::format("publish all rows, and filter in a model: ALTER PUBLICATION {} DROP TABLE ONLY {}; {}",
                  quote_identifier(wishes.publication),
                  quote_table(published.table.schema, published.table.table),
                  add_table(connection, wishes.publication, published.table)));
}

// A list that lacks a column of the replica identity: PostgreSQL refuses every UPDATE and DELETE.
void require_identity_in_list(Connection& connection, const SourceWishes& wishes,
                              const Published& published) {
  if (published.facts.identity != 'f') return;
  const TableSchema all = describe_table(connection, published.table.schema, published.table.table);
  if (published.as.schema.columns.size() >= all.columns.size()) return;
  throw Error(
      ErrorKind::config,
      fmt::format("{} has REPLICA IDENTITY FULL, and the publication \"{}\" leaves out columns: every UPDATE "
                  "and DELETE of it fails at the source",
                  plain_name(published.table), wishes.publication),
      fmt::format("ALTER TABLE {} REPLICA IDENTITY DEFAULT",
                  quote_table(published.table.schema, published.table.table)));
}

void require_readable_columns(Connection& connection, const SourceWishes&, const Published& published) {
  const Result hidden = connection.query(
      "SELECT attname, current_user FROM pg_attribute WHERE attrelid = $1::oid AND attnum > 0 AND NOT "
      "attisdropped AND NOT has_column_privilege(attrelid, attnum, 'SELECT')",
      {std::to_string(published.as.schema.relation_oid)});
  for (int row = 0; row < hidden.rows(); ++row) {
    const std::string column(hidden.text(row, 0));
    if (std::ranges::find(published.as.schema.columns, column, &Column::name) ==
        published.as.schema.columns.end())
      continue;
    throw Error(ErrorKind::permission,
                fmt::format("may not read column {} of {}", column, plain_name(published.table)),
                fmt::format("GRANT SELECT ({}) ON {} TO {}", quote_identifier(column),
                            quote_table(published.table.schema, published.table.table),
                            quote_identifier(hidden.text(row, 1))));
  }
}

constexpr PublishedRule kRules[] = {
    {"all rows published", require_all_rows},
    {"replica identity published", require_identity_in_list},
    {"right to read what is published", require_readable_columns},
};

}  // namespace

std::optional<Publication> find_publication(Connection& connection, const SourceWishes& wishes) {
  const Result row = connection.query(
      "SELECT pubinsert AND pubupdate AND pubdelete AND pubtruncate, pubviaroot FROM pg_publication "
      "WHERE pubname = $1",
      {wishes.publication});
  if (row.rows() == 0) return std::nullopt;
  return Publication{row.text(0, 0) == "t", row.text(0, 1) == "t"};
}

std::string publication_sql(Connection& connection, const SourceWishes& wishes) {
  std::vector<std::string> tables;
  for (const StreamedTable& table : wishes.tables) tables.push_back(table_entry(connection, table));
  return fmt::format("CREATE PUBLICATION {} FOR TABLE {} WITH (publish_via_partition_root = true)",
                     quote_identifier(wishes.publication), fmt::join(tables, ", "));
}

Error no_publication(Connection& connection, const SourceWishes& wishes) {
  return Error(ErrorKind::config,
               fmt::format("there is no publication \"{}\" at {}", wishes.publication, connection.where()),
               wishes.tables.empty()
                   ? "make it again, for all its tables: freshet status has the statement beside capture"
                   : publication_sql(connection, wishes));
}

// What publishes the table's changes as its own since the table is a partition of it; nothing: nobody.
std::optional<std::string> published_root(Connection& connection, const std::string& publication,
                                          const StreamedTable& table) {
  const Result root = connection.query(
      "SELECT n.nspname, k.relname FROM pg_publication p, pg_class c "
      "JOIN pg_namespace own ON own.oid = c.relnamespace "
      "CROSS JOIN LATERAL pg_partition_ancestors(c.oid) AS above (oid) "
      "JOIN pg_class k ON k.oid = above.oid AND k.oid <> c.oid JOIN pg_namespace n ON n.oid = k.relnamespace "
      "WHERE p.pubname = $1 AND p.pubviaroot AND own.nspname = $2 AND c.relname = $3 AND (p.puballtables OR "
      "EXISTS (SELECT FROM pg_publication_rel WHERE prpubid = p.oid AND prrelid = k.oid)) LIMIT 1",
      {publication, table.schema, table.table});
  if (root.rows() == 0) return std::nullopt;
  return quote_table(root.text(0, 0), root.text(0, 1));
}

Error not_published(Connection& connection, const std::string& publication, const StreamedTable& table) {
  if (const auto root = published_root(connection, publication, table))
    return Error(ErrorKind::schema,
                 fmt::format("{} is a partition of {} now, and its changes come as those of that one",
                             plain_name(table), *root),
                 fmt::format("take its contract out of the project; or ALTER TABLE {} DETACH PARTITION {}",
                             *root, quote_table(table.schema, table.table)));
  return Error(ErrorKind::schema,
               fmt::format("the publication \"{}\" has no table {}", publication, plain_name(table)),
               add_table(connection, publication, table));
}

void require_publication_can_be_made(Connection& connection, const SourceWishes& wishes) {
  const auto refuse = [&](const std::string& because) {
    throw Error(ErrorKind::permission,
                fmt::format("there is no publication \"{}\" at {}, and this role can't create it: {}",
                            wishes.publication, connection.where(), because),
                "let an owner of the tables run: " + publication_sql(connection, wishes));
  };
  if (connection.query("SELECT has_database_privilege(current_database(), 'CREATE')").text(0, 0) != "t")
    refuse("it may create nothing in the database");
  for (const StreamedTable& table : wishes.tables) {
    const Result owner = connection.query(
        "SELECT pg_has_role(c.relowner, 'USAGE') FROM pg_class c JOIN pg_namespace n ON n.oid = "
        "c.relnamespace WHERE n.nspname = $1 AND c.relname = $2",
        {table.schema, table.table});
    if (owner.rows() == 1 && owner.text(0, 0) != "t") refuse("it doesn't own " + plain_name(table));
  }
}

void require_whole(const SourceWishes& wishes, const Publication& publication) {
  if (publication.whole) return;
  throw Error(ErrorKind::config,
              fmt::format("the publication \"{}\" leaves out some kinds of changes", wishes.publication),
              fmt::format("ALTER PUBLICATION {} SET (publish = 'insert, update, delete, truncate')",
                          quote_identifier(wishes.publication)));
}

void require_root(const SourceWishes& wishes, const StreamedTable& table, const TableFacts& facts,
                  const Publication& publication) {
  if (facts.kind != 'p' || publication.via_root) return;
  throw Error(ErrorKind::config,
              fmt::format("the publication \"{}\" publishes the partitions of {} one by one",
                          wishes.publication, plain_name(table)),
              fmt::format("ALTER PUBLICATION {} SET (publish_via_partition_root = true)",
                          quote_identifier(wishes.publication)));
}

std::span<const PublishedRule> published_rules() {
  return kRules;
}

}  // namespace freshet::capture
