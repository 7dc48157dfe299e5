// freshet init: a project from a live database, for a person to review. Reads the catalogue; writes to the
// source only the publication, and only when asked to.
#include <fmt/format.h>

#include <cstdlib>

#include "adapter/postgres/address.h"
#include "adapter/postgres/connection.h"
#include "app/commands.h"
#include "contract/introspect.h"
#include "load/names.h"

namespace freshet::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kUrlVariable = "FRESHET_SOURCE_URL";
constexpr const char* kPasswordVariable = "FRESHET_SOURCE_PASSWORD";

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

std::string name_of(const InitCommand& command) {
  if (!command.name.empty()) return command.name;
  const fs::path dir = fs::absolute(command.dir).lexically_normal();
  return (dir.has_filename() ? dir : dir.parent_path()).filename().string();
}

// A table that the line would refuse needs no contract.
std::optional<std::string> refused_by_load(const contract::StreamContract& contract) try {
  load::check_names(contract);
  return std::nullopt;
} catch (const Error& error) {
  return error.message();
}

void print_remarks(const contract::Draft& draft) {
  for (const contract::Remark& remark : draft.remarks) {
    fmt::print("\n{} {}: {}\n", remark.left_out ? "left out:" : "note:", contract::to_string(remark.table),
               remark.text);
    if (!remark.statement.empty()) fmt::print("    {}\n", remark.statement);
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
  fmt::print("\nReview {}/contracts, then: freshet up {}\n", command.dir.string(), command.dir.string());
}

}  // namespace

int run(const InitCommand& command) {
  postgres::Connection source({.url = connect_to(command), .purpose = "freshet init"});
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
                           .slot = command.slot,
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
