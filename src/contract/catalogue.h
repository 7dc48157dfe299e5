// What a live database says about its tables, as plain rows: read by `freshet init` and at
// the start of capture. The reading is here, the judging in introspect.h, which therefore needs no server to
// be tested.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "change/type.h"
#include "contract/contract.h"

namespace freshet::postgres {
class Connection;
}

namespace freshet::contract {

struct CatalogueColumn {
  std::string name;
  PgType type;  // domains resolved, without OIDs
  bool nullable = true;
  bool generated = false;
  int key_position = 0;  // in the replica identity; 0: not of it
  bool published = false;
  std::string comment;
};

struct CatalogueTable {
  TableName name;
  bool partitioned = false;
  bool logged = true;      // unlogged tables never reach the WAL
  bool published = false;  // by the publication that was asked about
  bool key_deferrable = false;
  char identity = 'd';        // pg_class.relreplident
  bool has_children = false;  // of plain inheritance: their rows are shown among its own
  std::int64_t rows = 0;      // the planner's estimate
  std::string comment;
  // A unique index over NOT NULL columns, where there is neither primary key nor replica identity index.
  std::optional<std::string> spare_index;
  // Those that give its partitions the identity that it has, or is to have by the spare index, where they
  // lack its key: ALTER TABLE … REPLICA IDENTITY of the table doesn't reach them.
  std::vector<std::string> partition_statements;
  std::vector<CatalogueColumn> columns;

  bool has_key() const;
};

struct Catalogue {
  int server_version = 0;  // 150018
  bool publication_exists = false;
  std::vector<CatalogueTable> tables;  // by name; roots of partitioned tables, not their partitions
};

// Tables of `schemas` (empty: all but the system's, those of extensions and Freshet's own). Sets the
// session's search_path to nothing, so that every type is named with its schema, as the contracts have it.
Catalogue read_catalogue(postgres::Connection& connection, const std::vector<std::string>& schemas,
                         const std::string& publication);

}  // namespace freshet::contract
