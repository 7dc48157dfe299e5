// StreamContract: what one source table promises, as its reviewed file in contracts/ says it. Open Data
// Contract Standard v3; what the standard has no word for stands in the custom property `freshet`. Read once,
// at start, by app; capture, load and watch borrow it. docs/contracts.md describes the file for its writer.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "change/type.h"
#include "contract/yaml.h"

namespace freshet::contract {

// A table of PostgreSQL; both names may be any text.
struct TableName {
  std::string schema;
  std::string table;

  friend auto operator<=>(const TableName&, const TableName&) = default;
};
// "schema.table" for people.
std::string to_string(const TableName& name);

enum class OnDelete { tombstone, keep };
enum class OnViolation { quarantine, halt, warn };
enum class Mode { streamed, periodic };

// Values that the mirror can't hold and for which the contract allows NULL instead, counted.
struct NullWhen {
  bool nan = false;
  bool infinity = false;
  bool out_of_range = false;

  bool any() const { return nan || infinity || out_of_range; }
  friend bool operator==(const NullWhen&, const NullWhen&) = default;
};

struct ColumnContract {
  std::string name;
  PgType type;           // domains resolved; without OIDs, which differ between databases
  bool nullable = true;  // in the source
  int key_position = 0;  // from 1; 0: not of the key
  std::optional<std::string> clickhouse_type;  // instead of the mirror's own rule
  NullWhen null_when;
  std::string classification;  // of personal data, "pii.email"; empty: none
  std::string description;
  int line = 0;

  bool in_key() const { return key_position > 0; }
};

struct StreamContract {
  std::string file;
  TableName source;
  std::string mirror;             // the table in `raw`, unique in the project
  std::string version = "1.0.0";  // of the contract
  std::string owner;
  std::string description;
  std::vector<ColumnContract> columns;  // in the order of the file
  OnDelete on_delete = OnDelete::tombstone;
  OnViolation on_violation = OnViolation::quarantine;
  Mode mode = Mode::streamed;
  std::optional<std::chrono::milliseconds>
      every;  // of a periodic stream; absent: intervals.periodic of the project
  // A reading that didn't see more than so many percent of the mirror's rows asks before they go; absent:
  // limits.sweep_ask_above of the project.
  std::optional<int> sweep_ask_above;
  std::vector<std::string> lookups;                    // columns by which models find this table's rows
  std::optional<std::chrono::milliseconds> freshness;  // older than this is an incident
  int line = 0;

  const ColumnContract* find(std::string_view column) const;
  std::vector<const ColumnContract*> key() const;  // in the order of the key
};

// Throws Error{config} with file and line on anything that isn't understood. `mirror` is the name that the
// file gives.
StreamContract parse_contract(const YamlDocument& document);

// Every *.yaml of DIR/contracts, in the order of their names, with unique sources and mirrors.
// The files that they are read from, by name. Throws Error{config} when there is none.
std::vector<std::filesystem::path> contract_files(const std::filesystem::path& project_dir);
std::vector<StreamContract> load_contracts(const std::filesystem::path& project_dir);

// Where two schemas have a table of one name, both mirrors are called <schema>__<table>, unless the file
// names another. Throws Error{config} where two mirrors still have one name, where two files describe one
// table, and where two tables' names make one stream.
void name_mirrors(std::vector<StreamContract>& contracts);

// The file's text; parse_contract reads back the same contract.
std::string contract_yaml(const StreamContract& contract);

// The type that PostgreSQL names `name`, without OIDs, which differ between databases. made_of: of a
// user-defined type, what it is made of: "enum", "enum[]" or a built-in type; empty: unknown, or `name` is
// built in itself.
PgType column_type(std::string_view name, std::string_view made_of);
// The `made_of` with which column_type gives this type again.
std::string made_of(const PgType& type);

// "int8" -> "bigint": the name that format_type() uses for a short one; empty: not a short name.
std::string full_type_name(std::string_view short_name);

// The type may be part of a mirror's key: it has one canonical form and an order (types.md).
bool usable_as_key(const PgType& type);

}  // namespace freshet::contract
