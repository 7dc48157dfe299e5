// freshet init: a project from a live database, for a person to review. Reads the catalogue; writes to the
// source only the publication, and only when asked to.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "adapter/postgres/address.h"
#include "adapter/postgres/connection.h"
#include "app/commands.h"
#include "app/draft_check.h"
#include "base/shell_word.h"
#include "base/utf8.h"
#include "capture/slot.h"
#include "capture/source_check.h"
#include "contract/form.h"
#include "contract/introspect.h"

namespace freshet::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kUrlVariable = "FRESHET_SOURCE_URL";
constexpr const char* kPasswordVariable = "FRESHET_SOURCE_PASSWORD";
constexpr const char* kSlot = "freshet";
constexpr std::size_t kNameMax = 55;  // of the 63 that PostgreSQL allows a slot, with room for a number

// For us, now.
std::string connect_to(const InitCommand& command) {
  const char* url = command.source.empty() ? std::getenv(kUrlVariable) : command.source.c_str();
  if (url == nullptr)
    throw Error(ErrorKind::config, "which database? there is neither --source nor FRESHET_SOURCE_URL",
                "--source postgres://user@host:port/database");
  if (postgres::has_password(url) && !command.source.empty())
    throw Error(
        ErrorKind::config,
        "the address on the command line holds a password, and every user of this machine can read it there",
        "leave it out and export FRESHET_SOURCE_PASSWORD=… (or use ~/.pgpass), or export the whole address "
        "as "
        "FRESHET_SOURCE_URL");
  const char* password = std::getenv(kPasswordVariable);
  return password == nullptr ? url : postgres::with_password(url, password);
}

// For the project: what came from the environment stays there.
std::string referred_to(const InitCommand& command) {
  return command.source.empty() ? fmt::format("${{{}}}", kUrlVariable) : command.source;
}

// Lower-case letters and digits, everything else as `filler`; none at either end.
std::string legal_name(std::string_view text, char filler) {
  std::string name;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 && byte < 0x80)
      name += static_cast<char>(std::tolower(byte));
    else if (!name.empty() && name.back() != filler)
      name += filler;
  }
  while (name.ends_with(filler)) name.pop_back();
  return name;
}

std::string name_of(const InitCommand& command) {
  if (!command.name.empty()) return command.name;
  const fs::path dir = fs::absolute(command.dir).lexically_normal();
  const std::string name =
      legal_name((dir.has_filename() ? dir : dir.parent_path()).filename().string(), '-').substr(0, kNameMax);
  return name.empty() ? "project" : name;
}

void require_names(const InitCommand& command) {
  if (command.slot.empty() || contract::is_slot_name(command.slot)) return;
  throw Error(ErrorKind::config, fmt::format("'{}' can't name a replication slot", command.slot),
              "lower-case letters, digits and '_', at most 63");
}

// One that isn't there would only draft nothing, or less than was meant.
void require_schemas(postgres::Connection& source, const InitCommand& command) {
  const postgres::Result rows = source.query(
      "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY "
      "1");
  std::vector<std::string> there;
  for (int row = 0; row < rows.rows(); ++row) there.emplace_back(rows.text(row, 0));
  for (const std::string& schema : command.schemas)
    if (std::ranges::find(there, schema) == there.end())
      throw Error(ErrorKind::config, fmt::format("{} has no schema {}", source.where(), schema),
                  fmt::format("it has: {}", fmt::join(there, ", ")));
}

// Slots belong to the whole server: another database's pipeline may have taken the name.
std::string slot_of(const InitCommand& command, postgres::Connection& source) {
  if (!command.slot.empty()) return command.slot;
  std::string slot = kSlot;
  const std::string database(source.query("SELECT current_database()").text(0, 0));
  const std::string own = fmt::format("{}_{}", kSlot, legal_name(database, '_')).substr(0, kNameMax);
  for (int number = 1; capture::find_slot(source, slot); ++number)
    slot = number == 1 ? own : fmt::format("{}_{}", own, number);
  return slot;
}

void print_remarks(const contract::Draft& draft) {
  for (const contract::Remark& remark : draft.remarks) {
    fmt::print("\n{} {}: {}\n",
               remark.left_out ? "left out:" : "note:", printable(contract::to_string(remark.table)),
               printable(remark.text));
    if (!remark.statement.empty()) fmt::print("    {}\n", printable(remark.statement));
  }
}

void create_publication(postgres::Connection& source, const std::string& statements) {
  source.run(statements);
  fmt::print("\ncreated the publication:\n    {}\n", statements);
}

void print_next_step(const contract::Draft& draft, const InitCommand& command) {
  if (!draft.publication_sql.empty())
    fmt::print(
        "\nThe first start creates the publication if its user may; or, as the owner of the tables:\n    "
        "{}\n",
        draft.publication_sql);
  fmt::print("\nReview {}/contracts, then: freshet up {}\n", command.dir.string(),
             shell_word(command.dir.string()));
}

}  // namespace

int run(const InitCommand& command) {
  require_names(command);
  postgres::Connection source({.url = connect_to(command), .purpose = "freshet init"});
  capture::require_supported(source);
  require_schemas(source, command);
  const contract::Catalogue catalogue =
      contract::read_catalogue(source, command.schemas, command.publication);
  contract::Draft draft = contract::draft_contracts(catalogue, command.publication, refused_by_load);
  if (draft.contracts.empty()) {
    print_remarks(draft);
    throw Error(ErrorKind::config, fmt::format("{} has no table that can be mirrored", source.where()),
                "a table needs a primary key; is it the right database, and may this user see its tables?");
  }
  contract::write_project(command.dir, draft,
                          {.name = name_of(command),
                           .source_url = referred_to(command),
                           .publication = command.publication,
                           .slot = slot_of(command, source),
                           .password_in_environment = std::getenv(kPasswordVariable) != nullptr});
  fmt::print("wrote {}/pipeline.yaml and {} contracts from {}\n", command.dir.string(),
             draft.contracts.size(), source.where());
  print_remarks(draft);
  if (command.create_publication && !draft.publication_sql.empty()) {
    create_publication(source, draft.publication_sql);
    draft.publication_sql.clear();
  }
  print_next_step(draft, command);
  return 0;
}

}  // namespace freshet::app
