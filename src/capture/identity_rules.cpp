#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "capture/source_rules.h"
#include "contract/row_identity.h"

namespace freshet::capture {
namespace {

using contract::RowIdentity;
using contract::TableIdentity;
using postgres::Connection;
using postgres::quote_identifier;
using postgres::quote_table;
using postgres::Result;

constexpr std::size_t kNamedPartitions = 5;

std::string plain_name(const StreamedTable& table) {
  return table.schema + "." + table.table;
}

std::string alter_table(const StreamedTable& table) {
  return "ALTER TABLE " + quote_table(table.schema, table.table);
}

// As the mirror has it, if it has one yet.
std::string key_of(const StreamedTable& table) {
  std::vector<std::string> columns;
  for (const std::string& column : table.key) columns.push_back(quote_identifier(column));
  return columns.empty() ? "…" : fmt::format("{}", fmt::join(columns, ", "));
}

std::vector<std::string> lost_columns(Connection& connection, const StreamedTable& table,
                                      const TableFacts& facts) {
  std::vector<std::string> lost;
  for (const std::string& column : table.key) {
    const Result found = connection.query(
        "SELECT FROM pg_attribute WHERE attrelid = $1::oid AND attname = $2 AND attnum > 0 AND NOT "
        "attisdropped",
        {std::to_string(facts.oid), column});
    if (found.rows() == 0) lost.push_back(quote_identifier(column));
  }
  return lost;
}

// Makes the contract's key one of the table again.
std::string give_key(Connection& connection, const StreamedTable& table, const TableFacts& facts) {
  if (const auto lost = lost_columns(connection, table, facts); !lost.empty())
    return fmt::format(
        "the table has no column {}, which its contract has in the key: add it again, or write "
        "another key into the contract",
        fmt::join(lost, ", "));
  if (!facts.has_key && !facts.deferrable_key)
    return fmt::format("{} ADD PRIMARY KEY ({})", alter_table(table), key_of(table));
  std::vector<std::string> not_null;
  for (const std::string& column : table.key)
    not_null.push_back(fmt::format("ALTER {} SET NOT NULL", quote_identifier(column)));
  return fmt::format("{} {}; CREATE UNIQUE INDEX ON {} ({})", alter_table(table), fmt::join(not_null, ", "),
                     quote_table(table.schema, table.table), key_of(table));
}

std::string give_identity(Connection& connection, const StreamedTable& table, const TableFacts& facts) {
  const bool lost_index = facts.identity == 'i' && !table.key.empty();
  if (lost_index && lost_columns(connection, table, facts).empty())
    return contract::index_statement({table.schema, table.table}, table.key);
  if (facts.has_key) return alter_table(table) + " REPLICA IDENTITY DEFAULT";
  return give_key(connection, table, facts);
}

// Of the table, then of its leaves; none where the key isn't known yet.
std::vector<TableIdentity> identities_of(Connection& connection, const StreamedTable& table,
                                         const TableFacts& facts) {
  return contract::identities_of(connection, {{facts.oid, table.key}});
}

}  // namespace

void require_identity(Connection& connection, const StreamedTable& table, const TableFacts& facts) {
  const bool identified = facts.identity == 'f' || (facts.identity == 'i' && facts.identity_index) ||
                          (facts.identity == 'd' && facts.has_key);
  if (identified) return;
  if (facts.identity == 'd' && facts.deferrable_key) {
    throw Error(ErrorKind::config,
                fmt::format("the primary key of {} is deferrable: it can't identify rows", plain_name(table)),
                fmt::format("{} REPLICA IDENTITY USING INDEX … (a unique index over NOT NULL "
                            "columns), or make the key NOT DEFERRABLE",
                            alter_table(table)));
  }
  throw Error(ErrorKind::config,
              fmt::format("{} has {}: its rows can't be told apart", plain_name(table),
                          facts.identity == 'n' ? "REPLICA IDENTITY NOTHING"
                                                : "no primary key and no replica identity"),
              give_identity(connection, table, facts));
}

// Under FULL nothing else keeps two rows from having one key, and the mirror has one row of it.
void require_unique_key(Connection& connection, const StreamedTable& table, const TableFacts& facts) {
  if (facts.identity != 'f') return;
  const std::vector<TableIdentity> identities = identities_of(connection, table, facts);
  if (identities.empty() || identities.front().of_rows != RowIdentity::not_unique) return;
  throw Error(ErrorKind::config,
              fmt::format("{} has REPLICA IDENTITY FULL, and no unique index makes ({}) its key: rows that "
                          "have it in common can't be told apart",
                          plain_name(table), key_of(table)),
              give_key(connection, table, facts));
}

// Where the table's own lacks the key, that comes first.
void require_identity_of_partitions(Connection& connection, const StreamedTable& table,
                                    const TableFacts& facts) {
  if (facts.kind != 'p') return;
  std::vector<TableIdentity> identities = identities_of(connection, table, facts);
  if (identities.empty() || identities.front().of_rows != RowIdentity::key) return;
  std::erase_if(identities, [](const TableIdentity& leaf) { return leaf.of_rows == RowIdentity::key; });
  if (identities.empty()) return;
  std::vector<std::string> names;
  std::vector<std::string> statements;
  const std::size_t all = identities.size();
  identities.resize(std::min(all, kNamedPartitions));
  for (const TableIdentity& leaf : identities) {
    names.push_back(contract::to_string(leaf.name));
    statements.push_back(contract::identity_statement(connection, leaf, facts.identity));
  }
  throw Error(ErrorKind::config,
              fmt::format("{} of the partitions of {} ({}{}) have a replica identity of their own that lacks "
                          "the key ({}): PostgreSQL refuses UPDATE and DELETE of their rows, or doesn't tell "
                          "which key they concern",
                          all, plain_name(table), fmt::join(names, ", "), all > names.size() ? ", …" : "",
                          key_of(table)),
              fmt::format("{}", fmt::join(statements, "; ")));
}

}  // namespace freshet::capture
