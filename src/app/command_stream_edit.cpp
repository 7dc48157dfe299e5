// freshet stream add, remove: tables that come into a project, or leave it, while its line runs.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "adapter/postgres/connection.h"
#include "app/addresses.h"
#include "app/commands.h"
#include "app/control.h"
#include "app/draft_check.h"
#include "app/line.h"
#include "app/line_status_json.h"
#include "app/running_project.h"
#include "app/stream_files.h"
#include "app/table_names.h"
#include "base/crash_point.h"
#include "base/shell_word.h"
#include "base/utf8.h"
#include "capture/source_check.h"
#include "contract/introspect.h"
#include "contract/publication.h"
#include "load/ddl.h"
#include "load/mirror.h"

namespace freshet::app {
namespace {

using namespace std::chrono_literals;
using contract::StreamContract;

constexpr auto kTakenUpDeadline = 90s;  // the stages end what is under way, and start
constexpr auto kBetweenLooks = 200ms;

struct Project {
  explicit Project(const StreamCommand& command)
      : data(DataDir::seen(command.data)),
        dir(project_of(command.project, data)),
        settings(contract::load_project(dir)),
        contracts(load_contracts(dir)),
        source({.url = source_address(settings.source, environment_for(data)), .purpose = "freshet stream"}) {
    capture::require_supported(source);
  }

  DataDir data;
  std::filesystem::path dir;
  contract::Project settings;
  std::vector<StreamContract> contracts;
  postgres::Connection source;
};

// What has the name, and isn't in the catalogue of tables.
Error no_table(postgres::Connection& source, const std::string& name) {
  const postgres::Result other = source.query(
      "SELECT n.nspname || '.' || c.relname, c.relkind, (SELECT of.nspname || '.' || root.relname FROM "
      "pg_catalog.pg_class root JOIN pg_catalog.pg_namespace of ON of.oid = root.relnamespace "
      "WHERE root.oid = pg_catalog.pg_partition_root(c.oid)) "
      "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
      "WHERE $1::text IN (n.nspname || '.' || c.relname, c.relname::text) "
      "AND (c.relispartition OR c.relkind IN ('v', 'm', 'f')) ORDER BY n.nspname LIMIT 1",
      {name});
  if (other.rows() == 0)
    return Error(ErrorKind::config, fmt::format("the source has no table {}", name),
                 "is it spelled as there, and may this role see it?");
  const std::string full(other.text(0, 0));
  const char kind = other.text(0, 1).front();
  if (kind == 'f')
    return Error(ErrorKind::config, full + " is a foreign table: its rows are on another server",
                 "stream it from there");
  if (kind == 'v' || kind == 'm')
    return Error(ErrorKind::config,
                 fmt::format("{} is a {}: it has no changes of its own", full,
                             kind == 'v' ? "view" : "materialized view"),
                 "stream the tables that it reads, and make the view in ClickHouse");
  const std::string root(other.text(0, 2));
  return Error(ErrorKind::config,
               fmt::format("{} is a partition of {}, with which it is streamed", full, root),
               "freshet stream add " + shell_word(printable(root)));
}

const contract::CatalogueTable* find(const contract::Catalogue& catalogue, const std::string& name) {
  const contract::CatalogueTable* found = nullptr;
  for (const contract::CatalogueTable& table : catalogue.tables) {
    if (contract::to_string(table.name) == name) return &table;
    if (table.name.table != name) continue;
    if (found != nullptr)
      throw Error(ErrorKind::config, name + " is a table of more than one schema", "name it schema.table");
    found = &table;
  }
  return found;
}

contract::Catalogue look_up(Project& project, const std::vector<std::string>& names) {
  contract::Catalogue all = contract::read_catalogue(project.source, {}, project.settings.source.publication);
  contract::Catalogue asked{all.server_version, all.publication_exists, {}};
  for (const std::string& name : names) {
    const contract::CatalogueTable* table = find(all, name);
    if (table == nullptr) throw no_table(project.source, name);
    if (std::ranges::find(asked.tables, table->name, &contract::CatalogueTable::name) == asked.tables.end())
      asked.tables.push_back(*table);
  }
  return asked;
}

// Of a table that is in the project already, too: it may be asked for again, to end what was broken off.
contract::Draft draft(const Project& project, const contract::Catalogue& asked) {
  contract::Draft draft = contract::draft_added(asked, project.settings.source.publication, refused_by_load);
  for (const contract::Remark& remark : draft.remarks)
    if (remark.left_out)
      throw Error(ErrorKind::config,
                  fmt::format("{} can't be mirrored: {}", contract::to_string(remark.table), remark.text),
                  remark.statement);
  return draft;
}

// By us where we may; else the owner of the tables has to. The failure that is none of rights: told at the
// command's end, since the rest doesn't depend on it.
std::optional<Error> change_publication(postgres::Connection& source, const std::string& statement) {
  if (statement.empty()) return std::nullopt;
  fmt::print("changes the publication:\n    {}\n", printable(statement));
  try {
    source.run(statement);
    return std::nullopt;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::permission)
      return Error(error.kind(), "the publication isn't changed: " + error.message(),
                   "ask again, or run that statement yourself");
    fmt::print("  but this role may not: let its owner run that\n");
    return std::nullopt;
  }
}

// Of a process in that role: whether all these streams are there, or all are not; nothing where none answers.
std::optional<bool> has_taken_up(const DataDir& data, Role role, const std::vector<std::string>& streams,
                                 bool there) try {
  const auto answer = ask(data.socket(role), "status");
  if (!answer) return std::nullopt;
  const LineStatus status = line_status_from_json(*answer);
  return std::ranges::all_of(streams, [&](const std::string& stream) {
    const bool listed = std::ranges::find(status.streams, stream, &StreamLine::name) != status.streams.end();
    return listed == there;
  });
} catch (const Error&) {
  return std::nullopt;  // it was just ending
}

bool is_taken_up(const DataDir& data, const std::vector<std::string>& streams, bool there) {
  return std::ranges::all_of(
      kRoles, [&](Role role) { return has_taken_up(data, role, streams, there).value_or(true); });
}

// It is away for a moment while it starts its stages.
void wait_until_taken_up(const DataDir& data, Role role, const std::vector<std::string>& streams,
                         bool there) {
  const Deadline deadline(system_clock(), kTakenUpDeadline);
  while (!has_taken_up(data, role, streams, there).value_or(false))
    if (deadline.passed() || !system_clock().sleep(kBetweenLooks, {}))
      throw Error(ErrorKind::in_doubt, "the running process hasn't taken it up yet",
                  "freshet status, or DATA/log, says why");
}

// By the processes that run, each of which answers in one role, and that don't have it yet.
void have_it_taken_up(const Project& project, const std::vector<std::string>& streams, bool there) {
  std::vector<Role> told;
  bool runs = false;
  for (const Role role : kRoles) {
    const bool has = has_taken_up(project.data, role, streams, there).value_or(false);
    if (!has && ask(project.data.socket(role), "reload")) told.push_back(role);
    runs = runs || has;
  }
  for (const Role role : told) wait_until_taken_up(project.data, role, streams, there);
  if (!runs && told.empty())
    fmt::print("nothing runs now; the next start of {} takes it up\n", project.dir.string());
}

std::vector<std::string> names_of(const std::vector<StreamContract>& contracts) {
  std::vector<std::string> streams;
  for (const StreamContract& contract : contracts) streams.push_back(to_string(contract.source));
  return streams;
}

int add(const StreamCommand& command) {
  Project project(command);
  const contract::Catalogue asked = look_up(project, command.streams);
  const contract::Draft draft = app::draft(project, asked);
  StreamFiles files(project.dir);
  std::set<contract::TableName> written;
  for (const StreamContract& contract : draft.contracts)
    if (files.add(contract)) written.insert(contract.source);
  // As they were written now, or reviewed once and taken back.
  const std::string statement =
      contract::addition_to_publication(asked, project.settings.source.publication, files.checked());
  const std::vector<std::string> streams = names_of(draft.contracts);
  if (files.said().empty() && statement.empty() && is_taken_up(project.data, streams, true))
    throw Error(ErrorKind::config, streams.front() + " is in the project already",
                "to have it read again: freshet snapshot " + shell_word(streams.front()));
  files.keep();
  for (const std::string& said : files.said()) fmt::print("{}\n", printable(said));
  for (const contract::Remark& remark : draft.remarks)
    if (written.contains(remark.table))
      fmt::print("note: {}: {}\n", printable(contract::to_string(remark.table)), printable(remark.text));
  crash_point("stream_added_to_files");
  const std::optional<Error> failure = change_publication(project.source, statement);
  crash_point("stream_published");
  have_it_taken_up(project, streams, true);
  if (failure) throw *failure;
  for (const std::string& stream : streams)
    fmt::print("{} is read, beside its changes, as soon as it is published\n", printable(stream));
  return 0;
}

// Also of what was removed before: its contract is set aside.
std::vector<StreamContract> find_removed(const Project& project, const std::vector<std::string>& names) {
  std::vector<StreamContract> known = project.contracts;
  for (const StreamContract& aside : set_aside(project.dir))
    if (std::ranges::find(known, aside.source, &StreamContract::source) == known.end())
      known.push_back(aside);
  std::vector<StreamContract> removed;
  for (const std::string& stream : resolve_streams(known, names))
    removed.push_back(*std::ranges::find_if(
        known, [&](const StreamContract& contract) { return to_string(contract.source) == stream; }));
  return removed;
}

bool is_in(const Project& project, const StreamContract& contract) {
  return std::ranges::find(project.contracts, contract.source, &StreamContract::source) !=
         project.contracts.end();
}

// As far as the publication names the tables: one of all tables, or of a schema, can't do without some.
std::string unpublish(Project& project, const std::vector<StreamContract>& removed) {
  const std::string& publication = project.settings.source.publication;
  std::vector<std::string> tables;
  for (const StreamContract& contract : removed) {
    const postgres::Result how = project.source.query(
        "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_publication_rel r "
        "JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid JOIN pg_catalog.pg_class c ON c.oid = "
        "r.prrelid "
        "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
        "WHERE p.pubname = $1 AND n.nspname = $2 AND c.relname = $3), "
        "EXISTS (SELECT 1 FROM pg_catalog.pg_publication_tables "
        "WHERE pubname = $1 AND schemaname = $2 AND tablename = $3)",
        {publication, contract.source.schema, contract.source.table});
    if (how.text(0, 0) == "t")
      tables.push_back("ONLY " + postgres::quote_table(contract.source.schema, contract.source.table));
    else if (how.text(0, 1) == "t")
      fmt::print(
          "{} stays published: {} is for all tables, or for its schema. What comes of it is dropped here\n",
          printable(to_string(contract.source)), printable(publication));
  }
  if (tables.empty()) return {};
  return fmt::format("ALTER PUBLICATION {} DROP TABLE {}", postgres::quote_identifier(publication),
                     fmt::join(tables, ", "));
}

std::string drop_mirror(const StreamContract& contract) {
  const load::Mirror mirror = load::make_mirror(contract);
  std::string statements = "DROP VIEW " + mirror.src();
  for (const load::TableDefinition& table : load::tables_of(mirror))
    statements += "; DROP TABLE " + clickhouse::quote_table(table.database, table.name);
  return statements;
}

int remove(const StreamCommand& command) {
  Project project(command);
  const std::vector<StreamContract> removed = find_removed(project, command.streams);
  StreamFiles files(project.dir);
  std::size_t leaving = 0;
  for (const StreamContract& contract : removed) leaving += is_in(project, contract) ? 1 : 0;
  if (leaving == project.contracts.size())
    throw Error(ErrorKind::config, "the project would have no table left", "stop the line instead");
  for (const StreamContract& contract : removed)
    if (is_in(project, contract)) files.remove(contract);
  files.checked();
  files.keep();
  for (const std::string& said : files.said()) fmt::print("{}\n", printable(said));
  crash_point("stream_removed_from_files");
  have_it_taken_up(project, names_of(removed), false);
  crash_point("stream_taken_out");
  const std::optional<Error> failure = change_publication(project.source, unpublish(project, removed));
  if (failure) throw *failure;
  for (const StreamContract& contract : removed)
    fmt::print("{} has left; its mirror stays as it is{}\n", printable(to_string(contract.source)),
               is_in(project, contract)
                   ? ". To drop it, in ClickHouse:\n    " + printable(drop_mirror(contract))
                   : "");
  return 0;
}

}  // namespace

int edit(const StreamCommand& command) {
  return command.does == StreamCommand::Does::add ? add(command) : remove(command);
}

}  // namespace freshet::app
