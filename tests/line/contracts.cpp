#include "line/contracts.h"

#include <algorithm>
#include <fstream>
#include <map>

#include "app/line_status_json.h"
#include "contract/introspect.h"

namespace freshet::test {
namespace {

// "" where the next step is another one.
std::string statement_in(const std::string& hint) {
  const std::string before = "run there: ";
  const std::size_t end = hint.find("; or take the contract back");
  return hint.starts_with(before) && end != std::string::npos
             ? hint.substr(before.size(), end - before.size())
             : "";
}

}  // namespace

void change_contracts(const std::string& project,
                      const std::function<void(contract::StreamContract&)>& change) {
  for (contract::StreamContract& contract : contract::load_contracts(project)) {
    change(contract);
    std::ofstream(contract.file) << contract_yaml(contract);
  }
}

void follow_tables(Mirrored& line) {
  postgres::Connection source({.url = line.database().url(), .purpose = "freshet test"});
  const contract::Catalogue catalogue = contract::read_catalogue(source, {}, "freshet");
  std::map<contract::TableName, std::vector<contract::ColumnContract>> now;
  for (contract::StreamContract& drafted : draft_contracts(catalogue, "freshet").contracts)
    now[drafted.source] = std::move(drafted.columns);
  change_contracts(line.project(), [&](contract::StreamContract& contract) {
    std::vector<contract::ColumnContract> columns = now.at(contract.source);
    for (contract::ColumnContract& column : columns)
      if (const contract::ColumnContract* before = contract.find(column.name)) {
        column.clickhouse_type = before->clickhouse_type;
        column.null_when = before->null_when;
      }
    contract.columns = std::move(columns);
  });
}

std::vector<app::StreamLine> streams_of(Mirrored& line) try {
  return app::line_status_from_json(line.line().status_json()).streams;
} catch (const Error&) {
  return {};
}

int alter_mirrors(Mirrored& line) {
  int altered = 0;
  for (const app::StreamLine& stream : streams_of(line)) {
    const std::string statement = statement_in(stream.hint);
    if (stream.state != "stopped" || statement.empty()) continue;
    line.clickhouse().execute(statement);
    ++altered;
  }
  return altered;
}

}  // namespace freshet::test
