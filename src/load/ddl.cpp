#include "load/ddl.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "adapter/clickhouse/quote.h"

namespace freshet::load {
namespace {

using clickhouse::quote_identifier;
using clickhouse::quote_literal;
using clickhouse::quote_table;

// Acknowledged rows survive a power cut. Merged parts stay beside their sources for two minutes, by when the
// kernel has written them; the default of eight leaves thousands of folders under many small inserts.
constexpr std::string_view kSettings =
    "fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 120";

// ClickHouse takes arrays whose names begin alike up to a dot for one table, and refuses those of different
// lengths; a column named as that beginning, too. Not so where a table says it. Named only where it matters:
// servers before 26.3 don't know it.
constexpr std::string_view kApartArrays = ", share_nested_offsets = 0";

bool has_dotted_array(const std::vector<TableColumn>& columns) {
  return std::ranges::any_of(columns, [](const TableColumn& column) {
    return column.type.starts_with("Array(") && column.name.find('.') != std::string::npos;
  });
}

// ClickHouse prints a key with or without quotes and parentheses.
std::string bare(std::string text) {
  std::erase_if(text, [](char c) { return c == '`' || c == '(' || c == ')'; });
  return text;
}

std::string join(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) {
    if (!list.empty()) list += ", ";
    list += quote_identifier(name);
  }
  return list;
}

void append_system_columns(std::vector<TableColumn>& columns) {
  columns.insert(columns.end(), system_columns().begin(), system_columns().end());
}

std::vector<TableColumn> data_columns(const Mirror& mirror) {
  std::vector<TableColumn> columns;
  for (const MirrorColumn& column : mirror.columns)
    for (auto& [name, type] : column.definitions()) columns.push_back({name, type});
  return columns;
}

std::vector<std::string> key_names(const Mirror& mirror) {
  std::vector<std::string> names;
  names.reserve(mirror.key.size());
  for (const std::size_t column : mirror.key) names.push_back(mirror.columns[column].name);
  return names;
}

TableDefinition raw_table(const Mirror& mirror) {
  TableDefinition table{"raw", mirror.name(), data_columns(mirror), {}, key_names(mirror)};
  append_system_columns(table.columns);
  table.engine = mirror.keeps() ? "ReplacingMergeTree(_version)" : "ReplacingMergeTree(_version, _deleted)";
  return table;
}

TableDefinition lookup_table(const Mirror& mirror, std::size_t by) {
  const MirrorColumn& column = mirror.columns[by];
  TableDefinition table{"lookup", mirror.lookup_name(by), {}, "ReplacingMergeTree", {}};
  MirrorColumn not_null = column;
  not_null.nullable = false;
  table.columns.push_back({column.name, not_null.clickhouse_type()});
  table.order_by.push_back(column.name);
  for (const std::size_t key : mirror.key) {
    if (key == by) continue;
    table.columns.push_back({mirror.columns[key].name, mirror.columns[key].clickhouse_type()});
    table.order_by.push_back(mirror.columns[key].name);
  }
  return table;
}

// Ordered by the version first: a snapshot that was begun again leaves no rows in the new one.
TableDefinition staged_table(const Mirror& mirror) {
  TableDefinition table{"staged", mirror.name(), data_columns(mirror), "ReplacingMergeTree", {"_version"}};
  append_system_columns(table.columns);
  for (const std::string& name : key_names(mirror)) table.order_by.push_back(name);
  return table;
}

}  // namespace

const std::vector<TableColumn>& system_columns() {
  static const std::vector<TableColumn> columns = {
      {"_version", "UInt128"},
      {"_deleted", "UInt8"},
      {"_round", "UInt64"},
      {"_committed_at", "DateTime64(6, 'UTC')"},
      {"_loaded_at", "DateTime64(6, 'UTC')", "now64(6, 'UTC')"},
  };
  return columns;
}

std::string TableDefinition::create() const {
  std::string sql = fmt::format("CREATE TABLE IF NOT EXISTS {}\n(\n", quote_table(database, name));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    sql += fmt::format("    {} {}", quote_identifier(columns[i].name), columns[i].type);
    if (!columns[i].default_expression.empty()) sql += " DEFAULT " + columns[i].default_expression;
    sql += i + 1 < columns.size() ? ",\n" : "\n";
  }
  sql += fmt::format(")\nENGINE = {}\n", engine);
  if (!partition_by.empty()) sql += fmt::format("PARTITION BY {}\n", partition_by);
  sql += fmt::format("ORDER BY ({})\n", join(order_by));
  if (!ttl.empty()) sql += fmt::format("TTL {}\n", ttl);
  return sql + fmt::format("SETTINGS {}{}", kSettings, has_dotted_array(columns) ? kApartArrays : "");
}

std::string ViewDefinition::create() const {
  return fmt::format("CREATE OR REPLACE VIEW {} AS\n{}", quote_table(database, name), select);
}

std::vector<TableDefinition> tables_of(const Mirror& mirror) {
  std::vector<TableDefinition> tables{raw_table(mirror)};
  for (const std::size_t column : mirror.lookups) tables.push_back(lookup_table(mirror, column));
  if (mirror.periodic()) tables.push_back(staged_table(mirror));
  return tables;
}

ViewDefinition live_view(const Mirror& mirror) {
  const std::string floor =
      fmt::format("(SELECT max(version) FROM freshet.floors WHERE table = {})", quote_literal(mirror.name()));
  ViewDefinition view{"src", mirror.name(), {}};
  if (mirror.keeps())
    view.select = fmt::format(
        "SELECT {}, _deleted = 1 OR _version <= {} AS {}, _version, _committed_at\nFROM {} FINAL\n"
        "WHERE _deleted != 2",
        mirror.column_list(), floor, kIsDeleted, mirror.raw());
  else
    view.select = fmt::format("SELECT {}, _version, _committed_at\nFROM {} FINAL\nWHERE _version > {}",
                              mirror.column_list(), mirror.raw(), floor);
  return view;
}

void Tables::ensure(const std::vector<TableDefinition>& tables, const std::vector<ViewDefinition>& views) {
  for (const TableDefinition& table : tables) {
    Database& there = database(table.database);
    const auto existing = there.find(table.name);
    if (existing == there.end()) {
      session_.execute(table.create());
      continue;
    }
    const Difference other = difference(table, existing->second);
    if (other.text.empty()) continue;
    if (!has_rows(table)) {
      session_.execute(fmt::format("DROP TABLE {} SYNC", quote_table(table.database, table.name)));
      session_.execute(table.create());
      continue;
    }
    throw Error(ErrorKind::schema,
                fmt::format("{}.{} in ClickHouse isn't what the contract asks for: {}", table.database,
                            table.name, other.text),
                other.next_step());
  }
  for (const ViewDefinition& view : views) {
    database(view.database);
    session_.execute(view.create());
  }
}

std::string Tables::Difference::next_step() const {
  if (change.empty())
    return "take the contract back and start again; or, since ClickHouse can't alter a mirror like that, "
           "give "
           "the contract another mirror (`name` in its schema), start again, and run freshet snapshot";
  return fmt::format(
      "run there: {}; or take the contract back; then start again, and compare: freshet parity", change);
}

Tables::Database& Tables::database(const std::string& name) {
  const auto known = databases_.find(name);
  if (known != databases_.end()) return known->second;
  session_.execute("CREATE DATABASE IF NOT EXISTS " + quote_identifier(name));
  return databases_[name] = look(session_, name);
}

template <class Asked>
Tables::Database Tables::look(Asked& asked, const std::string& name) {
  Database tables;
  const clickhouse::With of{.params = {clickhouse::text_param("database", name)}};
  for (const auto& row : asked.rows(
           "SELECT name, engine_full, sorting_key FROM system.tables WHERE database = {database:String}",
           of)) {
    const std::string full = row[1].value_or("");
    tables[*row[0]] = {{}, full.substr(0, full.find(" ORDER BY")), row[2].value_or("")};
  }
  for (const auto& row : asked.rows("SELECT table, name, type FROM system.columns "
                                    "WHERE database = {database:String} ORDER BY table, position",
                                    of))
    tables[*row[0]].columns.push_back({*row[1], *row[2]});
  return tables;
}

std::vector<std::pair<TableDefinition, Tables::Difference>> Tables::differences(
    clickhouse::Client& client, const std::vector<TableDefinition>& tables) {
  std::map<std::string, Database> databases;
  std::vector<std::pair<TableDefinition, Difference>> found;
  for (const TableDefinition& table : tables) {
    const auto [database, fresh] = databases.try_emplace(table.database);
    if (fresh) database->second = look(client, table.database);
    const auto existing = database->second.find(table.name);
    if (existing == database->second.end()) continue;
    Difference other = difference(table, existing->second);
    if (!other.text.empty()) found.emplace_back(table, std::move(other));
  }
  return found;
}

bool Tables::has_rows(const TableDefinition& table) const {
  return session_.number("SELECT count() FROM " + quote_table(table.database, table.name)) > 0;
}

namespace {

bool holds_null(const std::string& type) {
  return type.starts_with("Nullable(") || type.starts_with("LowCardinality(Nullable(");
}

// ClickHouse refuses to alter what a table is ordered by, and to take the NULLs out of a column that may have
// some.
bool is_alterable(const TableDefinition& wanted, const std::string& from, const TableColumn& to) {
  const bool orders = std::ranges::find(wanted.order_by, to.name) != wanted.order_by.end();
  return !orders && (holds_null(to.type) || !holds_null(from));
}

}  // namespace

Tables::Difference Tables::difference(const TableDefinition& wanted, const Existing& existing) {
  std::vector<std::string> found;
  std::vector<std::string> steps;
  bool alterable = true;
  std::map<std::string, std::string> left;
  for (const TableColumn& column : existing.columns) left[column.name] = column.type;
  for (const TableColumn& column : wanted.columns) {
    const std::string step = fmt::format("COLUMN {} {}", quote_identifier(column.name), column.type);
    const auto there = left.find(column.name);
    if (there == left.end()) {
      found.push_back(fmt::format("column {} {} isn't there", column.name, column.type));
      steps.push_back("ADD " + step);
      continue;
    }
    if (there->second != column.type) {
      found.push_back(
          fmt::format("column {} is {} and should be {}", column.name, there->second, column.type));
      steps.push_back("MODIFY " + step);
      alterable = alterable && is_alterable(wanted, there->second, column);
    }
    left.erase(there);
  }
  for (const auto& [name, type] : left) {
    found.push_back(fmt::format("column {} {} isn't expected", name, type));
    steps.push_back("DROP COLUMN " + quote_identifier(name));
  }
  const std::string engine = existing.engine.substr(0, existing.engine.find(" PARTITION BY"));
  const std::string order = bare(join(wanted.order_by));
  const bool same_shape = engine == wanted.engine && bare(existing.sorting_key) == order;
  if (engine != wanted.engine)
    found.push_back(fmt::format("the engine is {} and should be {}", engine, wanted.engine));
  if (bare(existing.sorting_key) != order)
    found.push_back(fmt::format("it is ordered by ({}) and should be by ({})", existing.sorting_key, order));
  return {fmt::format("{}", fmt::join(found, "; ")),
          same_shape && alterable
              ? fmt::format("ALTER TABLE {} {}", quote_table(wanted.database, wanted.name),
                            fmt::join(steps, ", "))
              : ""};
}

}  // namespace freshet::load
