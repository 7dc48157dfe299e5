// Tables of ClickHouse as values: rendered, made where they aren't, compared where they are. Load never
// alters a table that is there: that is a reviewed migration's work.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "load/mirror.h"
#include "load/session.h"

namespace freshet::load {

struct TableColumn {
  std::string name;
  std::string type;
  std::string default_expression = {};

  friend bool operator==(const TableColumn&, const TableColumn&) = default;
};

struct TableDefinition {
  std::string database;
  std::string name;
  std::vector<TableColumn> columns;
  std::string engine;                 // "ReplacingMergeTree(_version)"
  std::vector<std::string> order_by;  // names of columns
  std::string partition_by = {};      // an expression, or empty
  std::string ttl = {};               // likewise

  std::string create() const;
};

struct ViewDefinition {
  std::string database;
  std::string name;
  std::string select;

  std::string create() const;  // or replace: a view holds no data
};

// What every mirror has beside its source's columns, and what the view of one that keeps deleted rows adds.
const std::vector<TableColumn>& system_columns();
inline constexpr std::string_view kIsDeleted = "is_deleted";

// raw.<mirror>, its lookups, and for a periodic table staged.<mirror>.
std::vector<TableDefinition> tables_of(const Mirror& mirror);
// src.<mirror>: the live rows.
ViewDefinition live_view(const Mirror& mirror);

// What ClickHouse has: a database is looked at once, when it is first asked for.
class Tables {
 public:
  explicit Tables(Session& session) : session_(session) {}

  // Makes what isn't there, and anew what has no rows and is another one. Throws Error{schema} with the
  // difference, and the statement that ends it, where a table with rows is another one.
  void ensure(const std::vector<TableDefinition>& tables, const std::vector<ViewDefinition>& views = {});

  struct Difference {
    std::string text;    // empty: there is none
    std::string change;  // "ALTER TABLE …"; empty: no statement makes the one the other

    std::string next_step() const;  // for somebody's hand
  };
  // Of the tables that are there, those that are another one; only reads.
  static std::vector<std::pair<TableDefinition, Difference>> differences(
      clickhouse::Client& client, const std::vector<TableDefinition>& tables);

 private:
  // As far as it is compared.
  struct Existing {
    std::vector<TableColumn> columns;
    std::string engine;
    std::string sorting_key;
  };
  using Database = std::map<std::string, Existing>;

  Database& database(const std::string& name);  // makes it where it isn't
  template <class Asked>                        // a Session or a Client
  static Database look(Asked& asked, const std::string& name);
  static Difference difference(const TableDefinition& wanted, const Existing& existing);
  bool has_rows(const TableDefinition& table) const;

  Session& session_;
  std::map<std::string, Database> databases_;
};

}  // namespace freshet::load
