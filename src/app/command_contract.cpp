// freshet contract check|diff: the files alone, for the CI of the project's own Git; and the files beside the
// live source.
#include <fmt/format.h>

#include "adapter/postgres/connection.h"
#include "app/addresses.h"
#include "app/commands.h"
#include "app/error_policy.h"
#include "app/line.h"
#include "app/table_names.h"
#include "base/utf8.h"
#include "capture/catalog.h"
#include "capture/source_check.h"
#include "contract/diff.h"
#include "contract/yaml.h"
#include "load/names.h"

namespace freshet::app {
namespace {

using contract::FindingKind;
using contract::StreamContract;

constexpr int kSame = 0;
constexpr int kDiffers = 1;

// What becomes of the stream while the two differ.
std::string_view outcome_of(FindingKind kind) {
  switch (kind) {
    case FindingKind::column_added: return "the stream goes on without it";
    case FindingKind::modifier_changed: return "the stream goes on: the mirror holds both alike";
    case FindingKind::column_dropped:
    case FindingKind::column_renamed:
    case FindingKind::column_retyped:
    case FindingKind::column_nullable:
    case FindingKind::key_changed:
    case FindingKind::key_unsupported:
    case FindingKind::identity_lost: return "the stream's changes wait, in order, until it is mended";
  }
  return "";
}

TableSchema table_of(postgres::Connection& source, const StreamContract& contract,
                     const std::string& publication) {
  const bool published =
      contract.mode == contract::Mode::streamed &&
      source.query("SELECT 1 FROM pg_publication WHERE pubname = $1", {publication}).rows() == 1;
  if (published)
    return capture::describe_published(source, publication, contract.source.schema, contract.source.table)
        .schema;
  // What the contract takes of it.
  TableSchema table = capture::describe_table(source, contract.source.schema, contract.source.table);
  std::erase_if(table.columns, [&](const Column& column) { return contract.find(column.name) == nullptr; });
  return table;
}

void tell(std::string_view text, std::string_view outcome, std::string_view next) {
  fmt::print("{}\n   {}\n   -> {}\n", printable(text), outcome, printable(next));
}

// Why nothing can be compared; empty: it can.
std::string isnt_a_table(postgres::Connection& source, const contract::TableName& name) {
  const postgres::Result kind = source.query("SELECT relkind FROM pg_class WHERE oid = to_regclass($1)",
                                             {postgres::quote_table(name.schema, name.table)});
  if (kind.rows() == 0) return "isn't at the source";
  const char found = kind.text(0, 0).front();
  return found == 'r' || found == 'p' ? "" : "is no table: it has no WAL";
}

// All, without a name.
std::vector<StreamContract> asked_for(std::vector<StreamContract> contracts, const std::string& table) {
  if (table.empty()) return contracts;
  const std::string stream = resolve_streams(contracts, {table}).front();
  std::erase_if(contracts,
                [&](const StreamContract& contract) { return to_string(contract.source) != stream; });
  return contracts;
}

// How many differences.
std::size_t compare(postgres::Connection& source, const StreamContract& contract,
                    const std::string& publication) try {
  const std::string stream = contract::to_string(contract.source);
  if (const std::string why = isnt_a_table(source, contract.source); !why.empty()) {
    tell(stream + " " + why, "nothing comes",
         "make the table again, or take its contract out of the project: freshet stream remove " + stream);
    return 1;
  }
  const auto differences = contract::diff(contract, table_of(source, contract, publication));
  for (const contract::Finding& found : differences) tell(found.text, outcome_of(found.kind), found.hint);
  return differences.size();
} catch (const Error& error) {
  if (error.kind() != ErrorKind::schema) throw;  // the table isn't there, or isn't published
  tell(error.message(), "nothing comes", error.hint());
  return 1;
}

// The first error of each file, so that a review needs one run.
class FileCheck {
 public:
  template <class Read>
  void of(const Read& read) try {
    read();
  } catch (const Error& error) {
    ++errors_;
    fmt::print(stderr, "freshet: {}\n  -> {}\n", printable(error.message()), printable(hint_of(error)));
  }
  std::size_t errors() const { return errors_; }

 private:
  std::size_t errors_ = 0;
};

}  // namespace

int run(const ContractCheckCommand& command) {
  FileCheck check;
  check.of([&] { contract::load_project(command.project); });
  check.of([&] {
    for (const auto& file : contract::contract_files(command.project))
      check.of([&] { load::check_names(contract::parse_contract(contract::read_yaml_file(file.string()))); });
  });
  if (check.errors() == 0) check.of([&] { load_contracts(command.project); });  // one beside the other
  if (check.errors() > 0) {
    fmt::print(stderr, "freshet: {} files with errors\n", check.errors());
    return kDiffers;
  }
  const contract::Project project = contract::load_project(command.project);
  const std::vector<StreamContract> contracts = load_contracts(command.project);
  fmt::print("{}: {} contracts, all of them sound\n", project.name, contracts.size());
  return kSame;
}

int run(const ContractDiffCommand& command) {
  const contract::Project project = contract::load_project(command.project);
  const std::vector<StreamContract> contracts = asked_for(load_contracts(command.project), command.table);
  postgres::Connection source({.url = source_address(project.source, contract::process_environment()),
                               .purpose = "freshet contract diff"});
  capture::require_supported(source);
  std::size_t differences = 0;
  for (const StreamContract& contract : contracts)
    differences += compare(source, contract, project.source.publication);
  fmt::print("{} contracts beside {}: {}\n", contracts.size(), source.where(),
             differences == 0 ? "the same" : fmt::format("{} differences", differences));
  return differences == 0 ? kSame : kDiffers;
}

}  // namespace freshet::app
