#include "app/source_wishes.h"

#include <algorithm>

#include "contract/catalogue.h"
#include "contract/publication.h"

namespace freshet::app {
namespace {

using contract::CatalogueTable;
using contract::StreamContract;

const CatalogueTable* find(const contract::Catalogue& catalogue, const contract::TableName& name) {
  const auto found = std::ranges::find(catalogue.tables, name, &CatalogueTable::name);
  return found == catalogue.tables.end() ? nullptr : &*found;
}

std::string nulled_by(const contract::NullWhen& allowed) {
  std::string letters;
  if (allowed.nan) letters += 'n';
  if (allowed.infinity) letters += 'i';
  if (allowed.out_of_range) letters += 'o';
  return letters;
}

}  // namespace

std::vector<capture::StreamedTable> streamed_tables(const std::vector<StreamContract>& contracts) {
  std::vector<capture::StreamedTable> tables;
  for (const StreamContract& contract : contracts) {
    if (contract.mode != contract::Mode::streamed) continue;
    capture::StreamedTable table;
    table.schema = contract.source.schema;
    table.table = contract.source.table;
    for (const contract::ColumnContract* column : contract.key()) table.key.push_back(column->name);
    for (const contract::ColumnContract& column : contract.columns) {
      table.mirrored.push_back(column.name);
      if (column.clickhouse_type) table.chosen_types[column.name] = *column.clickhouse_type;
      if (column.null_when.any()) table.nulled[column.name] = nulled_by(column.null_when);
    }
    tables.push_back(std::move(table));
  }
  return tables;
}

bool plan_publication(postgres::Connection& source, std::vector<capture::StreamedTable>& tables,
                      const std::vector<StreamContract>& contracts,
                      const contract::SourceSettings& settings) {
  const contract::Catalogue catalogue =
      contract::read_catalogue(source, settings.schemas, settings.publication);
  if (catalogue.publication_exists) return false;
  for (capture::StreamedTable& table : tables) {
    const contract::TableName name{table.schema, table.table};
    const auto contract = std::ranges::find(contracts, name, &StreamContract::source);
    if (const CatalogueTable* found = find(catalogue, name))
      table.columns = contract::columns_to_publish(*contract, *found);
  }
  return true;
}

capture::SourceWishes source_wishes(postgres::Connection& source, const contract::Project& project,
                                    const std::vector<StreamContract>& contracts, bool first_start) {
  capture::require_supported(source);
  capture::SourceWishes wishes;
  wishes.publication = project.source.publication;
  wishes.slot_must_be_made = first_start;
  if (first_start) wishes.slot_to_make = project.source.slot;
  wishes.connections = contract::kCaptureConnections - 1 + project.limits.snapshot_workers;
  wishes.tables = streamed_tables(contracts);
  // Once the line has run, whatever is committed without a publication can't be streamed any more.
  wishes.make_publication = plan_publication(source, wishes.tables, contracts, project.source) && first_start;
  return wishes;
}

}  // namespace freshet::app
