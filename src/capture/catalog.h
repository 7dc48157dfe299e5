// What PostgreSQL's catalogue says of a table: its published columns with their types resolved (domains to
// their base, enums, arrays of both), and its replica identity. Called by whoever owns the connection.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapter/postgres/connection.h"
#include "change/schema.h"

namespace freshet::capture {

// The columns in their order in the table, whatever the order of `columns`; empty: all. Generated columns are
// left out where logical replication leaves them out (before PostgreSQL 18). Throws Error{schema} when the
// table or a column isn't there.
TableSchema describe_table(postgres::Connection& connection, std::string_view schema, std::string_view table,
                           const std::vector<std::string>& columns = {});

struct PublishedTable {
  TableSchema schema;
  std::string row_filter;  // an expression over its columns, or empty
};

// As `publication` has it; nothing when it doesn't publish the table.
std::optional<PublishedTable> find_published(postgres::Connection& connection, std::string_view publication,
                                             std::string_view schema, std::string_view table);
// The same; Error{schema} when it doesn't.
PublishedTable describe_published(postgres::Connection& connection, std::string_view publication,
                                  std::string_view schema, std::string_view table);

// Resolves types by OID, asking the server once for each that isn't built in. For one connection's lifetime
// at most: types may change.
class TypeCatalog {
 public:
  explicit TypeCatalog(postgres::Connection& connection) : connection_(connection) {}
  PgType resolve(std::uint32_t oid, std::int32_t typmod);

 private:
  struct Row {
    char kind = 'b';  // pg_type.typtype
    std::uint32_t base = 0;
    std::int32_t base_typmod = -1;
    std::uint32_t element = 0;  // of a true array
    bool citext = false;
  };
  const Row& look_up(std::uint32_t oid);
  std::string format(std::uint32_t oid, std::int32_t typmod);

  postgres::Connection& connection_;
  std::map<std::uint32_t, Row> rows_;
  std::map<std::pair<std::uint32_t, std::int32_t>, PgType> resolved_;
};

}  // namespace freshet::capture
