// TableSchema: the shape of a source table as the stream announced it, with its types resolved.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "change/type.h"

namespace freshet {

struct Column {
  std::string name;
  PgType type;
  bool key = false;  // part of the replica identity
  bool nullable = true;

  friend bool operator==(const Column&, const Column&) = default;
};

// REPLICA IDENTITY, as pg_class.relreplident has it.
enum class ReplicaIdentity : char { primary_key = 'd', nothing = 'n', full = 'f', index = 'i' };

struct TableSchema {
  std::uint32_t relation_oid = 0;  // of the table that the publication names (a partitioned table's root)
  std::string schema;
  std::string table;
  ReplicaIdentity identity = ReplicaIdentity::primary_key;
  std::vector<Column> columns;  // in the order of the tuples, published columns only

  friend bool operator==(const TableSchema&, const TableSchema&) = default;
};

// The stream's name: "schema.table", for people and for the journal. Not quoted: never use it in SQL.
std::string stream_name(const TableSchema& table);

// The bytes of docs/formats/journal.md, "schema"; decode throws Error{data}.
std::string encode_schema(const TableSchema& table);
TableSchema decode_schema(std::string_view bytes);

}  // namespace freshet
