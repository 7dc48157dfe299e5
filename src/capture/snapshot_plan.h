// What reading a table consists of: its columns, its leaves (the table itself, or its partitions) and how
// large they are. Made by a snapshot worker; constant while the table is being read.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapter/postgres/connection.h"
#include "capture/snapshot.h"
#include "change/schema.h"

namespace freshet::capture {

struct Leaf {
  std::uint32_t oid = 0;
  std::string name;  // quoted, for SQL
  // Asks for the digest of what a chunk relies on: the leaf's OID and file (VACUUM FULL, TRUNCATE and
  // rewriting ALTERs change it), that it belongs to the table, names and types of the columns, and what
  // publishes the table. No row: nothing of that name is there.
  std::string identity_query;
  std::string identity;  // its answer
  std::uint32_t blocks = 0;
};

struct TablePlan {
  std::shared_ptr<const TableSchema> schema;
  std::string row_filter;  // of the publication; an SQL expression, or empty
  std::string published;   // as published_as() answers, after everything else was looked at
  bool partitioned = false;
  std::vector<Leaf> leaves;  // by OID
  std::uint64_t rows_estimate = 0;
};

// What publishes the table, by OIDs that never come again: when it was published without a break between two
// answers they are the same. Empty for a table that needn't be. Throws Error{schema} when the table isn't
// there or isn't published.
std::string published_as(postgres::Connection& connection, const TableRequest& request,
                         const std::string& publication);

// Throws as published_as() does, and Error{transient} when a leaf went, or got another name, meanwhile.
TablePlan plan_table(postgres::Connection& connection, const TableRequest& request,
                     const std::string& publication);

// "a, b, CASE … END AS c": the columns as COPY (FORMAT binary) shall send them. What the codec doesn't read
// in binary comes as the text that its output function gives, which a cast to text doesn't always.
std::string column_list(const TableSchema& schema);
// One of them; `value` is SQL of the column's type.
std::string sent_as(const Column& column, const std::string& value);

}  // namespace freshet::capture
