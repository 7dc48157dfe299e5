#include "capture/source_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace freshet::capture {
namespace {

using postgres::Connection;
using postgres::quote_identifier;
using postgres::quote_literal;
using postgres::quote_table;
using postgres::Result;

constexpr int kOldestServer = 140'000;  // streaming of transactions in progress
constexpr int kColumnLists = 150'000;

void require_server(Connection& connection) {
  if (connection.server_version() < kOldestServer) {
    throw Error(ErrorKind::unsupported,
                fmt::format("PostgreSQL at {} is version {}", connection.where(),
                            connection.server_version() / 10'000),
                "Freshet needs PostgreSQL 14 or newer");
  }
  const Result row = connection.query("SELECT setting FROM pg_settings WHERE name = 'wal_level'");
  if (row.text(0, 0) == "logical") return;
  throw Error(ErrorKind::config, fmt::format("wal_level is '{}' at {}", row.text(0, 0), connection.where()),
              "ALTER SYSTEM SET wal_level = 'logical'; then restart PostgreSQL");
}

// Managed services grant replication through a role instead of the attribute.
void require_role(Connection& connection) {
  const Result row = connection.query(
      "SELECT current_user, rolreplication OR rolsuper OR EXISTS (SELECT 1 FROM pg_roles g "
      "WHERE g.rolname IN ('rds_replication', 'cloudsqlreplica') AND pg_has_role(g.oid, 'member')) "
      "FROM pg_roles WHERE rolname = current_user");
  if (row.text(0, 1) == "t") return;
  throw Error(ErrorKind::permission,
              fmt::format("the role {} may not replicate at {}", row.text(0, 0), connection.where()),
              fmt::format("ALTER ROLE {} REPLICATION", quote_identifier(row.text(0, 0))));
}

void require_room(Connection& connection, bool slot_must_be_made) {
  const Result row = connection.query(
      "SELECT current_setting('max_replication_slots')::int, (SELECT count(*) FROM pg_replication_slots), "
      "current_setting('max_wal_senders')::int, "
      "(SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'walsender')");
  if (slot_must_be_made && row.integer(0, 1) >= row.integer(0, 0)) {
    throw Error(
        ErrorKind::capacity,
        fmt::format("all {} replication slots are taken at {}", row.integer(0, 0), connection.where()),
        fmt::format("drop one that isn't used (SELECT slot_name FROM pg_replication_slots WHERE NOT "
                    "active), or ALTER SYSTEM SET max_replication_slots = {}; then restart PostgreSQL",
                    row.integer(0, 0) + 5));
  }
  if (row.integer(0, 3) >= row.integer(0, 2)) {
    throw Error(
        ErrorKind::capacity,
        fmt::format("all {} walsenders are busy at {}", row.integer(0, 2), connection.where()),
        fmt::format("ALTER SYSTEM SET max_wal_senders = {}; then restart PostgreSQL", row.integer(0, 2) + 5));
  }
}

std::string table_with_columns(const StreamedTable& table) {
  std::string text = quote_table(table.schema, table.table);
  for (std::size_t i = 0; i < table.columns.size(); ++i)
    text += (i == 0 ? " (" : ", ") + quote_identifier(table.columns[i]);
  return table.columns.empty() ? text : text + ")";
}

std::string make_publication_sql(const SourceWishes& wishes) {
  std::string tables;
  for (const StreamedTable& table : wishes.tables)
    tables += (tables.empty() ? "" : ", ") + table_with_columns(table);
  return fmt::format("CREATE PUBLICATION {} FOR TABLE {} WITH (publish_via_partition_root = true)",
                     quote_identifier(wishes.publication), tables);
}

void make_publication(Connection& connection, const SourceWishes& wishes) {
  const std::string statement = make_publication_sql(wishes);
  if (!wishes.make_publication) {
    throw Error(ErrorKind::config,
                fmt::format("there is no publication \"{}\" at {}", wishes.publication, connection.where()),
                statement);
  }
  try {
    connection.run(statement);
  } catch (const postgres::SqlError& error) {
    throw Error(error.kind(), error.message(), "let an owner of the tables run: " + statement);
  }
}

struct Publication {
  bool whole = false;  // publishes every kind of change
  bool via_root = false;
};

Publication find_publication(Connection& connection, const SourceWishes& wishes) {
  const auto look = [&] {
    return connection.query(
        "SELECT pubinsert AND pubupdate AND pubdelete AND pubtruncate, pubviaroot FROM pg_publication "
        "WHERE pubname = $1",
        {wishes.publication});
  };
  Result row = look();
  if (row.rows() == 0) {
    make_publication(connection, wishes);
    row = look();
  }
  return {row.text(0, 0) == "t", row.text(0, 1) == "t"};
}

void require_whole(const Publication& publication, const SourceWishes& wishes) {
  if (publication.whole) return;
  throw Error(ErrorKind::config,
              fmt::format("the publication \"{}\" leaves out some kinds of changes", wishes.publication),
              fmt::format("ALTER PUBLICATION {} SET (publish = 'insert, update, delete, truncate')",
                          quote_identifier(wishes.publication)));
}

struct TableFacts {
  char kind = 'r';
  char identity = 'd';
  bool has_key = false;  // a primary key that can identify rows
  bool deferrable_key = false;
  bool identity_index = false;
  bool readable = false;
};

TableFacts table_facts(Connection& connection, const StreamedTable& table) {
  const Result row = connection.query(
      "SELECT c.relkind, c.relreplident, coalesce(bool_or(i.indisprimary AND i.indimmediate), false), "
      "coalesce(bool_or(i.indisprimary AND NOT i.indimmediate), false), "
      "coalesce(bool_or(i.indisreplident), false), has_any_column_privilege(c.oid, 'SELECT') "
      "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_index i ON i.indrelid = "
      "c.oid "
      "WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p') GROUP BY c.oid",
      {table.schema, table.table});
  if (row.rows() == 0) {
    throw Error(ErrorKind::config,
                fmt::format("there is no table {}.{} at {}", table.schema, table.table, connection.where()),
                "create it, or take it out of the project");
  }
  TableFacts facts;
  facts.kind = row.text(0, 0).front();
  facts.identity = row.text(0, 1).front();
  facts.has_key = row.text(0, 2) == "t";
  facts.deferrable_key = row.text(0, 3) == "t";
  facts.identity_index = row.text(0, 4) == "t";
  facts.readable = row.text(0, 5) == "t";
  return facts;
}

void require_identity(const StreamedTable& table, const TableFacts& facts) {
  const std::string name = quote_table(table.schema, table.table);
  const bool identified = facts.identity == 'f' || (facts.identity == 'i' && facts.identity_index) ||
                          (facts.identity == 'd' && facts.has_key);
  if (identified) return;
  if (facts.identity == 'd' && facts.deferrable_key) {
    throw Error(ErrorKind::config,
                fmt::format("the primary key of {}.{} is deferrable: it can't identify rows", table.schema,
                            table.table),
                fmt::format("ALTER TABLE {} REPLICA IDENTITY USING INDEX … (a unique index over NOT NULL "
                            "columns), or make the key NOT DEFERRABLE",
                            name));
  }
  throw Error(ErrorKind::config,
              fmt::format("{}.{} has {}: its rows can't be told apart", table.schema, table.table,
                          facts.identity == 'n' ? "REPLICA IDENTITY NOTHING"
                                                : "no primary key and no replica identity"),
              facts.identity == 'n' && facts.has_key
                  ? fmt::format("ALTER TABLE {} REPLICA IDENTITY DEFAULT", name)
                  : fmt::format("ALTER TABLE {} ADD PRIMARY KEY (…)", name));
}

void require_readable(Connection& connection, const StreamedTable& table, const TableFacts& facts) {
  if (facts.readable) return;
  const Result user = connection.query("SELECT current_user");
  throw Error(ErrorKind::permission, fmt::format("may not read {}.{}", table.schema, table.table),
              fmt::format("GRANT SELECT ON {} TO {}", quote_table(table.schema, table.table),
                          quote_identifier(user.text(0, 0))));
}

TableSchema require_published(Connection& connection, const SourceWishes& wishes, const StreamedTable& table,
                              const TableFacts& facts, const Publication& publication) {
  if (facts.kind == 'p' && !publication.via_root) {
    throw Error(ErrorKind::config,
                fmt::format("the publication \"{}\" publishes the partitions of {}.{} one by one",
                            wishes.publication, table.schema, table.table),
                fmt::format("ALTER PUBLICATION {} SET (publish_via_partition_root = true)",
                            quote_identifier(wishes.publication)));
  }
  PublishedTable published = describe_published(connection, wishes.publication, table.schema, table.table);
  if (published.row_filter.empty()) return std::move(published.schema);
  throw Error(ErrorKind::unsupported,
              fmt::format("the publication \"{}\" filters the rows of {}.{}", wishes.publication,
                          table.schema, table.table),
              "publish all rows, and filter in a model");
}

void choose_form(Source& source, const TableSchema& table) {
  for (const Column& column : table.columns) {
    if (!source.binary || readable_in_binary(column.type)) continue;
    source.binary = false;
    source.text_because = fmt::format("{}.{} has type {}", stream_name(table), column.name, column.type.name);
  }
}

void require_list_support(Connection& connection, const StreamedTable& table) {
  if (table.columns.empty() || connection.server_version() >= kColumnLists) return;
  throw Error(ErrorKind::unsupported,
              fmt::format("{}.{} leaves out columns, which PostgreSQL 14 can't", table.schema, table.table),
              "PostgreSQL 15 or newer has column lists");
}

// What needs no publication; so that none is made when something is wrong.
void require_table(Connection& connection, const StreamedTable& table) {
  const TableFacts facts = table_facts(connection, table);
  require_identity(table, facts);
  require_readable(connection, table, facts);
  require_list_support(connection, table);
}

// While there is no slot everything must be right; later a table's error stays with the table.
template <class Check>
void check_each(const SourceWishes& wishes, Source& source, const Check& check) {
  for (const StreamedTable& table : wishes.tables) {
    const std::string stream = table.schema + "." + table.table;
    if (std::ranges::find(source.problems, stream, &TableProblem::stream) != source.problems.end()) continue;
    try {
      check(table);
    } catch (const Error& error) {
      if (wishes.slot_must_be_made || error.may_pass()) throw;
      source.problems.push_back({stream, error.message(), error.hint()});
    }
  }
}

}  // namespace

Source check_source(Connection& connection, const SourceWishes& wishes) {
  require_server(connection);
  require_role(connection);
  require_room(connection, wishes.slot_must_be_made);
  Source source;
  check_each(wishes, source, [&](const StreamedTable& table) { require_table(connection, table); });
  const Publication publication = find_publication(connection, wishes);
  require_whole(publication, wishes);
  check_each(wishes, source, [&](const StreamedTable& table) {
    const TableFacts facts = table_facts(connection, table);
    source.tables.push_back(require_published(connection, wishes, table, facts, publication));
    choose_form(source, source.tables.back());
  });
  return source;
}

}  // namespace freshet::capture
