#include "load/tables.h"

#include "change/tuple.h"

namespace freshet::test {
namespace {

void append_text(std::string& tuple, const std::optional<std::string>& text) {
  if (!text)
    append_field(tuple, {Form::null, {}});
  else if (*text == kUnchanged)
    append_field(tuple, {Form::unchanged, {}});
  else
    append_field(tuple, {Form::text, *text});
}

}  // namespace

contract::StreamContract contract_of(const std::string& table, contract::OnDelete on_delete) {
  contract::StreamContract contract;
  contract.source = {"app", table};
  contract.mirror = table;
  contract.on_delete = on_delete;
  for (const auto& [name, type] :
       {std::pair{"id", "bigint"}, {"name", "text"}, {"doc", "text"}, {"amount", "numeric(10,2)"}}) {
    contract::ColumnContract column;
    column.name = name;
    column.type = builtin_type(type);
    contract.columns.push_back(column);
  }
  contract.columns[0].key_position = 1;
  contract.columns[0].nullable = false;
  contract.lookups = {"name"};
  return contract;
}

contract::StreamContract periodic_contract(const std::string& table) {
  contract::StreamContract contract = contract_of(table);
  contract.mode = contract::Mode::periodic;
  return contract;
}

std::vector<contract::StreamContract> all_contracts() {
  return {contract_of("items"), contract_of("keeps", contract::OnDelete::keep), periodic_contract("rates")};
}

std::vector<contract::StreamContract> halting_contracts() {
  std::vector<contract::StreamContract> contracts = all_contracts();
  for (contract::StreamContract& contract : contracts) contract.on_violation = contract::OnViolation::halt;
  return contracts;
}

std::vector<contract::StreamContract> lenient_contracts() {
  std::vector<contract::StreamContract> contracts = all_contracts();
  for (contract::StreamContract& contract : contracts) contract.columns[3].null_when.nan = true;
  return contracts;
}

TableSchema schema_of(const std::string& table) {
  TableSchema schema;
  schema.relation_oid = static_cast<std::uint32_t>(16384 + table.size());
  schema.schema = "app";
  schema.table = table;
  for (const contract::ColumnContract& column : contract_of(table).columns)
    schema.columns.push_back({column.name, column.type, column.in_key(), column.nullable});
  return schema;
}

std::string tuple_of(const Row& row) {
  std::string tuple;
  append_text(tuple, std::to_string(row.id));
  append_text(tuple, row.name);
  append_text(tuple, row.doc);
  append_text(tuple, row.amount);
  return tuple;
}

std::string key_tuple_of(std::int64_t id) {
  return tuple_of({.id = id});
}

}  // namespace freshet::test
