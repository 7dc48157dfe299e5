// From a StreamContract to its file: contract_yaml() of contract/contract.h. Written by hand rather than by a
// YAML emitter, since people read and review these files: one order, no noise.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "contract/contract.h"
#include "contract/units.h"

namespace freshet::contract {
namespace {

// The standard's word for a type, for other tools; Freshet itself reads physicalType.
std::string_view logical_type(const PgType& type) {
  switch (type.kind) {
    case TypeKind::boolean: return "boolean";
    case TypeKind::int2:
    case TypeKind::int4:
    case TypeKind::int8: return "integer";
    case TypeKind::float4:
    case TypeKind::float8:
    case TypeKind::numeric: return "number";
    case TypeKind::date: return "date";
    case TypeKind::timestamp:
    case TypeKind::timestamptz: return "timestamp";
    case TypeKind::time:
    case TypeKind::timetz: return "time";
    case TypeKind::json:
    case TypeKind::jsonb: return "object";
    case TypeKind::array: return "array";
    case TypeKind::text:
    case TypeKind::enumeration:
    case TypeKind::uuid:
    case TypeKind::interval:
    case TypeKind::bytea:
    case TypeKind::inet:
    case TypeKind::cidr:
    case TypeKind::macaddr:
    case TypeKind::other: return "string";
  }
  return "string";
}

std::string list(const std::vector<std::string>& texts) {
  std::vector<std::string> scalars;
  for (const auto& text : texts) scalars.push_back(yaml_scalar(text));
  return fmt::format("[{}]", fmt::join(scalars, ", "));
}

std::string null_when_list(const NullWhen& allowed) {
  std::vector<std::string> words;
  if (allowed.nan) words.emplace_back("nan");
  if (allowed.infinity) words.emplace_back("infinity");
  if (allowed.out_of_range) words.emplace_back("out_of_range");
  return list(words);
}

void append_column_properties(std::string& to, const ColumnContract& column) {
  std::vector<std::string> parts;
  if (const std::string base = made_of(column.type); !base.empty())
    parts.push_back("type: " + yaml_scalar(base));
  if (column.null_when.any()) parts.push_back("null_when: " + null_when_list(column.null_when));
  if (column.clickhouse_type) parts.push_back("clickhouse_type: " + yaml_scalar(*column.clickhouse_type));
  if (parts.empty()) return;
  to += fmt::format("        customProperties:\n          - property: freshet\n            value: {{{}}}\n",
                    fmt::join(parts, ", "));
}

void append_column(std::string& to, const ColumnContract& column) {
  to += fmt::format("      - name: {}\n", yaml_scalar(column.name));
  if (!column.description.empty())
    to += fmt::format("        description: {}\n", yaml_scalar(column.description));
  to += fmt::format("        logicalType: {}\n        physicalType: {}\n", logical_type(column.type),
                    yaml_scalar(column.type.name));
  if (!column.nullable) to += "        required: true\n";
  if (column.in_key()) {
    to += fmt::format("        primaryKey: true\n        primaryKeyPosition: {}\n", column.key_position);
  }
  if (!column.classification.empty())
    to += fmt::format("        classification: {}\n", yaml_scalar(column.classification));
  append_column_properties(to, column);
}

void append_stream_properties(std::string& to, const StreamContract& contract) {
  to += "    customProperties:\n      - property: freshet\n        value:\n";
  to += fmt::format("          schema: {}\n", yaml_scalar(contract.source.schema));
  if (contract.mode == Mode::periodic) to += "          mode: periodic\n";
  if (contract.every) to += fmt::format("          every: {}\n", format_duration(*contract.every));
  if (contract.on_delete == OnDelete::keep) to += "          on_delete: keep\n";
  if (contract.on_violation == OnViolation::halt) to += "          on_violation: halt\n";
  if (contract.on_violation == OnViolation::warn) to += "          on_violation: warn\n";
  if (contract.sweep_ask_above)
    to += fmt::format("          sweep_ask_above: {}%\n", *contract.sweep_ask_above);
  if (!contract.lookups.empty()) to += fmt::format("          lookups: {}\n", list(contract.lookups));
}

// 90s -> value: 90, unit: s
void append_freshness(std::string& to, std::chrono::milliseconds freshness) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(freshness);
  const std::string text = format_duration(seconds);
  to += fmt::format("slaProperties:\n  - property: latency\n    value: {}\n    unit: {}\n",
                    text.substr(0, text.size() - 1), text.back());
}

}  // namespace

std::string contract_yaml(const StreamContract& contract) {
  std::string to = "apiVersion: v3.1.0\nkind: DataContract\n";
  to +=
      fmt::format("id: {}\nname: {}\nversion: {}\nstatus: active\n", yaml_scalar(to_string(contract.source)),
                  yaml_scalar(contract.source.table), yaml_scalar(contract.version));
  if (!contract.description.empty())
    to += fmt::format("description:\n  purpose: {}\n", yaml_scalar(contract.description));
  if (!contract.owner.empty()) to += fmt::format("team:\n  name: {}\n", yaml_scalar(contract.owner));
  if (contract.freshness) append_freshness(to, *contract.freshness);
  to += fmt::format(
      "schema:\n  - name: {}\n    physicalName: {}\n    physicalType: table\n    logicalType: object\n",
      yaml_scalar(contract.mirror), yaml_scalar(contract.source.table));
  append_stream_properties(to, contract);
  to += "    properties:\n";
  for (const auto& column : contract.columns) append_column(to, column);
  return to;
}

}  // namespace freshet::contract
