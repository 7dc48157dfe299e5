#include "contract/publication.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "adapter/postgres/connection.h"

namespace freshet::contract {
namespace {

constexpr int kHasColumnLists = 150000;

// What PostgreSQL needs of a row that is updated or deleted.
bool identifies(const CatalogueTable& table, const CatalogueColumn& column) {
  return column.key_position > 0 || (table.identity == 'f' && !column.generated);
}

void require_publishable(const StreamContract& contract, const CatalogueTable& table, int server_version) {
  if (columns_to_publish(contract, table).empty()) return;
  if (server_version < kHasColumnLists)
    throw Error(ErrorKind::unsupported,
                fmt::format("the contract of {} leaves out columns, and PostgreSQL before 15 publishes all",
                            to_string(table.name)),
                "take all columns into the contract");
  for (const CatalogueColumn& column : table.columns) {
    if (!identifies(table, column) || contract.find(column.name) != nullptr) continue;
    throw Error(ErrorKind::config,
                fmt::format("{} of {} is part of its replica identity, and its contract leaves it out: every "
                            "UPDATE and DELETE would fail at the source",
                            column.name, to_string(table.name)),
                column.key_position > 0
                    ? "take the column into the contract"
                    : fmt::format("ALTER TABLE {} REPLICA IDENTITY DEFAULT",
                                  postgres::quote_table(table.name.schema, table.name.table)));
  }
}

}  // namespace

std::vector<std::string> columns_to_publish(const StreamContract& contract, const CatalogueTable& table) {
  std::vector<std::string> names;
  bool leaves_out = false;
  for (const CatalogueColumn& column : table.columns) {
    if (column.generated) continue;  // these are never published
    if (contract.find(column.name) != nullptr)
      names.push_back(column.name);
    else
      leaves_out = true;
  }
  return leaves_out ? names : std::vector<std::string>();
}

// ONLY: the children of an inheritance aren't the table's rows here, and those without a key could not be
// updated any more.
std::string publication_entry(const StreamContract& contract, const CatalogueTable& table) {
  std::string name = "ONLY " + postgres::quote_table(table.name.schema, table.name.table);
  std::vector<std::string> columns = columns_to_publish(contract, table);
  if (columns.empty()) return name;
  for (std::string& column : columns) column = postgres::quote_identifier(column);
  return fmt::format("{} ({})", name, fmt::join(columns, ", "));
}

std::string addition_to_publication(const Catalogue& catalogue, const std::string& publication,
                                    const std::vector<StreamContract>& contracts) {
  if (!catalogue.publication_exists) return {};
  std::vector<std::string> entries;
  for (const CatalogueTable& table : catalogue.tables) {
    const auto contract = std::ranges::find(contracts, table.name, &StreamContract::source);
    if (table.published || contract == contracts.end() || contract->mode != Mode::streamed) continue;
    require_publishable(*contract, table, catalogue.server_version);
    entries.push_back(publication_entry(*contract, table));
  }
  if (entries.empty()) return {};
  return fmt::format("ALTER PUBLICATION {} ADD TABLE {}", postgres::quote_identifier(publication),
                     fmt::join(entries, ", "));
}

}  // namespace freshet::contract
