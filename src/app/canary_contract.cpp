#include "app/canary_contract.h"

#include "capture/signals.h"
#include "contract/yaml.h"

namespace freshet::app {
namespace {

constexpr const char* kMirror = "freshet__canary";

}  // namespace

contract::StreamContract canary_contract() {
  const TableSchema& schema = capture::canary_schema();
  contract::StreamContract contract;
  contract.file = "freshet";
  contract.source = {schema.schema, schema.table};
  contract.mirror = kMirror;
  contract.owner = "freshet";
  contract.description = "Rows that prove that data flows end to end.";
  for (const Column& column : schema.columns) {
    contract::ColumnContract promised;
    promised.name = column.name;
    promised.type = column.type;
    promised.nullable = column.nullable && !column.key;
    promised.key_position = column.key ? 1 : 0;
    contract.columns.push_back(promised);
  }
  return contract;
}

std::vector<contract::StreamContract> with_canary(std::vector<contract::StreamContract> contracts) {
  const contract::StreamContract canary = canary_contract();
  for (const contract::StreamContract& other : contracts)
    if (other.source == canary.source || other.mirror == canary.mirror)
      throw contract::yaml_error(
          other.file, other.line, "the names of Freshet's own table, the canary",
          "leave freshet.canary to Freshet, and give a mirror another name than " + canary.mirror);
  contracts.push_back(canary);
  return contracts;
}

std::string canary_mirror() {
  return std::string("raw.") + kMirror;
}

}  // namespace freshet::app
