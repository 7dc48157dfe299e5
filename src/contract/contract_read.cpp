// From the file's tree to a StreamContract: parse_contract() of contract/contract.h, top down.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "contract/contract.h"
#include "contract/form.h"
#include "contract/reader.h"
#include "contract/units.h"

namespace freshet::contract {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kColumnsMax = 1600;  // PostgreSQL's own limit

// The map under the custom property `freshet`; nullptr without one. Properties of other names belong to other
// tools.
const YamlNode* freshet_properties(MapReader& map) {
  const YamlNode* list = map.find("customProperties");
  if (list == nullptr) return nullptr;
  if (list->kind != YamlNode::Kind::list) {
    map.fail(list->line, "'customProperties' has to be a list",
             "write '- property: freshet' and under it 'value:'");
  }
  const YamlNode* found = nullptr;
  for (const YamlNode& item : list->items) {
    MapReader property(map.file(), item, "a custom property");
    const std::string name = property.text("property", "name the property");
    if (name != "freshet") {
      if (nearest(name, {"freshet"}).empty()) continue;
      map.fail(item.line, fmt::format("custom property '{}'", name), "did you mean 'freshet'?");
    }
    if (found != nullptr)
      map.fail(item.line, "the custom property 'freshet' is written twice", "keep one of them");
    found = &property.require("value", "write what Freshet shall know under 'value:'");
    property.allow({"description", "id"});
    property.refuse_others();
  }
  return found;
}

// What the standard offers and Freshet doesn't check is refused: a promise that nobody checks is a trap.
void refuse_unchecked(MapReader& map) {
  for (const char* key : {"quality", "logicalTypeOptions"}) {
    const YamlNode* node = map.find(key);
    if (node != nullptr)
      map.fail(node->line, fmt::format("'{}' isn't checked by Freshet", key),
               "write it as a test of a model");
  }
}

// A type that we don't know is legal (its mirror is a String), so short names must be refused: "int8" would
// become a String without a word.
PgType read_type(const MapReader& column, const YamlNode& physical, std::string_view made_of) {
  const std::string text = scalar_text(column.file(), physical, "physicalType");
  PgType type = column_type(text, made_of);
  if (type.kind == TypeKind::other || (type.kind == TypeKind::array && type.element == TypeKind::other)) {
    if (const std::string full = full_type_name(text); !full.empty()) {
      column.fail(physical.line, fmt::format("'physicalType' is '{}'", text),
                  fmt::format("write it as PostgreSQL's format_type() does: {}", full));
    }
  }
  return type;
}

bool holds_nan(TypeKind kind) {
  return kind == TypeKind::numeric;
}
bool holds_infinity(TypeKind kind) {
  return kind == TypeKind::numeric || kind == TypeKind::date || kind == TypeKind::timestamp ||
         kind == TypeKind::timestamptz;
}

NullWhen read_null_when(MapReader& map, const PgType& type) {
  NullWhen allowed;
  const YamlNode* node = map.find("null_when");
  if (node == nullptr) return allowed;
  for (const std::string& word : map.texts("null_when")) {
    const auto refuse = [&](std::string hint) {
      map.fail(node->line, fmt::format("'null_when: {}' on a column of type {}", word, type.name),
               std::move(hint));
    };
    if (word == "nan" && holds_nan(type.kind)) {
      allowed.nan = true;
    } else if (word == "infinity" && holds_infinity(type.kind)) {
      allowed.infinity = true;
    } else if (word == "out_of_range" && holds_infinity(type.kind) && type.kind != TypeKind::numeric) {
      allowed.out_of_range = true;
    } else if (word == "nan" || word == "infinity" || word == "out_of_range") {
      refuse("the mirror holds such values of this type, or they can't occur: remove the word");
    } else {
      refuse("write nan, infinity or out_of_range");
    }
  }
  return allowed;
}

PgType read_made_of(MapReader& map, const YamlNode& physical) {
  const YamlNode* node = map.find("type");
  if (node == nullptr) return read_type(map, physical, "");
  const std::string text = scalar_text(map.file(), *node, "type");
  const bool known = text == "enum" || text == "enum[]" || builtin_type(text).kind != TypeKind::other;
  if (!known || builtin_type(physical.text).kind != TypeKind::other) {
    map.fail(node->line, fmt::format("'type' is '{}'", text),
             "write what a user-defined type is made of: enum, enum[] or a built-in type such as text[]");
  }
  return read_type(map, physical, text);
}

void read_column_properties(MapReader& column, ColumnContract& to, const YamlNode& physical) {
  const YamlNode* own = freshet_properties(column);
  if (own == nullptr) {
    to.type = read_type(column, physical, "");
    return;
  }
  MapReader map(column.file(), *own, fmt::format("'freshet' of column '{}'", to.name));
  to.type = read_made_of(map, physical);
  to.null_when = read_null_when(map, to.type);
  to.clickhouse_type = map.optional_text("clickhouse_type");
  map.refuse_others();
}

void check_key_column(const MapReader& map, const ColumnContract& column) {
  if (column.nullable) {
    map.fail(column.line, fmt::format("key column '{}' may be null", column.name), "write 'required: true'");
  }
  if (column.null_when.any()) {
    map.fail(
        column.line, fmt::format("key column '{}' has 'null_when'", column.name),
        "a key can't become NULL: remove it; another mirror with clickhouse_type: String holds such values");
  }
  if (!usable_as_key(column.type)) {
    map.fail(
        column.line, fmt::format("key column '{}' is of type {}", column.name, column.type.name),
        "keys may be integers, boolean, uuid, text, enums, date, timestamps, numeric(p,s), bytea and inet");
  }
}

ColumnContract read_column(const std::string& file, const YamlNode& node) {
  MapReader map(file, node, "a column");
  ColumnContract column;
  column.line = node.line;
  column.name = map.text("name", "name the column as PostgreSQL does");
  const YamlNode& physical = map.require("physicalType", "write the type as PostgreSQL's format_type() does");
  column.nullable = !map.boolean("required", false);
  const bool in_key = map.boolean("primaryKey", false);
  const YamlNode* position = map.find("primaryKeyPosition");
  const auto written = static_cast<int>(map.integer("primaryKeyPosition", -1, -1, 32));
  if (!in_key && written > 0)
    map.fail(position->line, "'primaryKeyPosition' without 'primaryKey: true'", "write both");
  // -1: left open, legal for a key of one column; read_columns settles it.
  if (in_key) column.key_position = written > 0 ? written : -1;
  column.classification = map.optional_text("classification").value_or("");
  column.description = map.optional_text("description").value_or("");
  if (const YamlNode* logical = map.find("logicalType")) {
    one_of(file, *logical, "logicalType",
           {"string", "date", "timestamp", "time", "number", "integer", "object", "array", "boolean"});
  }
  refuse_unchecked(map);
  read_column_properties(map, column, physical);
  map.allow({"id", "physicalName", "businessName", "tags", "unique", "partitioned", "partitionKeyPosition",
             "examples", "criticalDataElement", "encryptedName", "authoritativeDefinitions", "relationships",
             "transformSourceObjects", "transformLogic", "transformDescription", "items"});
  map.refuse_others();
  return column;
}

void settle_key(const MapReader& table, StreamContract& contract) {
  std::vector<ColumnContract*> key;
  for (auto& column : contract.columns) {
    if (column.key_position != 0) key.push_back(&column);
  }
  if (key.empty()) {
    table.fail(contract.line, fmt::format("'{}' has no key", contract.source.table),
               "mark its columns with 'primaryKey: true' and 'primaryKeyPosition'; a table without one can't "
               "be mirrored");
  }
  if (key.size() == 1 && key[0]->key_position == -1) key[0]->key_position = 1;
  std::stable_sort(key.begin(), key.end(),
                   [](auto* a, auto* b) { return a->key_position < b->key_position; });
  for (std::size_t i = 0; i < key.size(); ++i) {
    check_key_column(table, *key[i]);
    if (key[i]->key_position == static_cast<int>(i + 1)) continue;
    table.fail(key[i]->line, fmt::format("the key's positions aren't 1 to {}", key.size()),
               "give every key column its 'primaryKeyPosition', from 1, without gaps");
  }
}

void read_columns(MapReader& table, StreamContract& contract) {
  const YamlNode& list = table.require("properties", "list the table's columns");
  if (list.kind != YamlNode::Kind::list || list.items.empty() || list.items.size() > kColumnsMax) {
    table.fail(list.line, "'properties' has to be a list of 1 to 1600 columns",
               "write '- name: …' for each column");
  }
  for (const YamlNode& item : list.items) {
    ColumnContract column = read_column(table.file(), item);
    if (const auto* other = contract.find(column.name)) {
      table.fail(column.line,
                 fmt::format("column '{}' is listed twice, first in line {}", column.name, other->line),
                 "keep one of them");
    }
    contract.columns.push_back(std::move(column));
  }
  settle_key(table, contract);
}

void read_lookups(MapReader& map, StreamContract& contract) {
  const YamlNode* node = map.find("lookups");
  if (node == nullptr) return;
  contract.lookups = map.texts("lookups");
  for (const auto& lookup : contract.lookups) {
    if (contract.find(lookup) != nullptr) continue;
    std::vector<std::string> names;
    names.reserve(contract.columns.size());
    for (const auto& column : contract.columns) names.push_back(column.name);
    const std::string meant = nearest(lookup, names);
    map.fail(node->line, fmt::format("'lookups' names '{}', which is no column", lookup),
             meant.empty() ? "name a column of this contract" : fmt::format("did you mean '{}'?", meant));
  }
}

void read_stream_properties(MapReader& table, StreamContract& contract) {
  const YamlNode* own = freshet_properties(table);
  if (own == nullptr) {
    table.fail(table.line(), "the custom property 'freshet' is missing",
               "write under customProperties: '- property: freshet' and 'value: {schema: …}'");
  }
  MapReader map(table.file(), *own, "'freshet'");
  contract.source.schema = map.text("schema", "name the table's schema in PostgreSQL");
  if (const auto* node = map.find("on_delete")) {
    contract.on_delete = OnDelete(one_of(map.file(), *node, "on_delete", {"tombstone", "keep"}));
  }
  if (const auto* node = map.find("on_violation")) {
    contract.on_violation =
        OnViolation(one_of(map.file(), *node, "on_violation", {"quarantine", "halt", "warn"}));
  }
  if (const auto* node = map.find("mode")) {
    contract.mode = Mode(one_of(map.file(), *node, "mode", {"streamed", "periodic"}));
  }
  if (const auto* node = map.find("every")) {
    contract.every = map.duration("every", {}, seconds(1), hours(24 * 7));
    if (contract.mode != Mode::periodic)
      map.fail(node->line, "'every' is for periodic streams", "write 'mode: periodic' or remove it");
  }
  if (map.find("sweep_ask_above") != nullptr) contract.sweep_ask_above = map.percent("sweep_ask_above", 0);
  read_lookups(map, contract);
  map.refuse_others();
}

void read_table(const std::string& file, const YamlNode& node, StreamContract& contract) {
  MapReader table(file, node, "the table");
  contract.line = node.line;
  contract.mirror = table.text("name", "name the mirror; usually the table's own name");
  contract.source.table = table.optional_text("physicalName").value_or(contract.mirror);
  if (const auto* node = table.find("physicalType")) one_of(file, *node, "physicalType", {"table"});
  if (const auto* node = table.find("logicalType")) one_of(file, *node, "logicalType", {"object"});
  if (auto text = table.optional_text("description")) contract.description = *text;
  refuse_unchecked(table);
  // The table's own properties stand above its long list of columns, but lookups are checked against that
  // list.
  read_columns(table, contract);
  read_stream_properties(table, contract);
  table.allow({"id", "businessName", "tags", "dataGranularityDescription", "authoritativeDefinitions",
               "relationships"});
  table.refuse_others();
}

std::string read_owner(MapReader& root) {
  const YamlNode* team = root.find("team");
  if (team == nullptr) return {};
  if (team->kind == YamlNode::Kind::map) {
    MapReader map(root.file(), *team, "'team'");
    std::string name = map.text("name", "name the team that owns the table");
    map.allow({"id", "description", "members", "tags", "customProperties", "authoritativeDefinitions"});
    map.refuse_others();
    return name;
  }
  root.fail(team->line, "'team' has to name one team", "write 'team:' and under it 'name: …'");
}

// latency: how old the mirror may be. Other service levels are for people.
std::optional<milliseconds> read_freshness(MapReader& root) {
  const YamlNode* list = root.find("slaProperties");
  if (list == nullptr) return std::nullopt;
  std::optional<milliseconds> freshness;
  for (const YamlNode& item : list->items) {
    MapReader sla(root.file(), item, "a service level");
    if (sla.text("property", "name the service level") != "latency") continue;
    const std::int64_t value = sla.integer("value", 0, 1, 1'000'000);
    const YamlNode& unit = sla.require("unit", "write s, m, h or d");
    one_of(root.file(), unit, "unit", {"s", "m", "h", "d"});
    freshness = parse_duration(std::to_string(value) + unit.text);
    sla.allow({"id", "description", "element", "driver", "scheduler", "schedule", "valueExt"});
    sla.refuse_others();
  }
  return freshness;
}

std::string read_purpose(MapReader& root) {
  const YamlNode* node = root.find("description");
  if (node == nullptr) return {};
  MapReader map(root.file(), *node, "'description'");
  std::string purpose = map.optional_text("purpose").value_or("");
  map.allow({"usage", "limitations", "authoritativeDefinitions", "customProperties"});
  map.refuse_others();
  return purpose;
}

void check_standard(MapReader& root) {
  const YamlNode& api = root.require("apiVersion", "write 'apiVersion: v3.1.0'");
  if (!is_version_three(api.text)) {
    root.fail(api.line, fmt::format("'apiVersion' is '{}'", api.text),
              "Freshet reads version 3 of the standard: v3.1.0");
  }
  one_of(root.file(), root.require("kind", "write 'kind: DataContract'"), "kind", {"DataContract"});
  root.text("id", "give the contract an id, for instance its table's name");
  root.text("status", "write 'status: active'");
}

}  // namespace

StreamContract parse_contract(const YamlDocument& document) {
  MapReader root(document.file, document.root, "the contract");
  StreamContract contract;
  contract.file = document.file;
  check_standard(root);
  contract.version = root.text("version", "write 'version: 1.0.0'");
  contract.owner = read_owner(root);
  contract.freshness = read_freshness(root);
  contract.description = read_purpose(root);
  const YamlNode& schema = root.require("schema", "describe the table under 'schema:'");
  if (schema.kind != YamlNode::Kind::list || schema.items.size() != 1) {
    root.fail(schema.line, "'schema' has to hold exactly one table", "write one file for each table");
  }
  read_table(document.file, schema.items[0], contract);
  root.allow({"name", "tenant", "domain", "dataProduct", "servers", "support", "price", "roles", "tags",
              "slaDefaultElement", "authoritativeDefinitions", "customProperties", "contractCreatedTs"});
  root.refuse_others();
  return contract;
}

}  // namespace freshet::contract
