// What tells the rows of a table apart for the stream: PostgreSQL sends of a changed row's old key what the
// replica identity of the table has that holds it. That is a partition's own: ALTER TABLE … REPLICA IDENTITY
// of the table above doesn't reach it. Reads the catalogue, and locks no table.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "contract/contract.h"

namespace freshet::postgres {
class Connection;
}

namespace freshet::contract {

enum class RowIdentity {
  key,         // each change says which key it concerns
  another,     // it says other columns: that its key was changed reaches nobody
  none,        // PostgreSQL refuses UPDATE and DELETE
  not_unique,  // of FULL: every column is told, and two rows may have the same key
};

struct TableIdentity {
  std::uint32_t root = 0;  // the table that was asked for
  std::uint32_t oid = 0;   // it itself, or a leaf of it
  TableName name;
  char replica_identity = 'd';  // pg_class.relreplident
  RowIdentity of_rows = RowIdentity::key;
};

// Of the tables with these OIDs and, each behind its root, of their leaf partitions; by their key's columns.
// A FULL table must have a unique index over its key; its leaves then have it as well.
std::vector<TableIdentity> identities_of(postgres::Connection& connection,
                                         const std::map<std::uint32_t, std::vector<std::string>>& keys);

// Gives a leaf the identity of its root. `index`: of the root's index that is to be it, by name; empty: the
// one that is.
std::string identity_statement(postgres::Connection& connection, const TableIdentity& leaf, char identity,
                               const std::string& index = "");

// An index over the key that is the identity from then on, whatever other keys there are.
std::string index_statement(const TableName& table, const std::vector<std::string>& key);

}  // namespace freshet::contract
