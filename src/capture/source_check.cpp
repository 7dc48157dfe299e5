#include "capture/source_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "capture/source_rules.h"

namespace freshet::capture {
namespace {

using postgres::Connection;

std::string stream_of(const StreamedTable& table) {
  return table.schema + "." + table.table;
}

void require_server(Connection& connection, const SourceWishes& wishes) {
  for (const ServerRule& rule : server_rules()) {
    try {
      rule.require(connection, wishes);
    } catch (const Error& error) {
      using enum ServerRule::Later;
      if (wishes.slot_must_be_made || rule.later == ends || error.may_pass()) throw;
      if (rule.later == waits) throw Error(ErrorKind::transient, error.message(), error.hint());
      log::warn("source_rule_broken", {{"message", error.message()}, {"hint", error.hint()}});
    }
  }
}

void require_table(Connection& connection, const StreamedTable& table) {
  const TableFacts facts = table_facts(connection, table);
  for (const TableRule& rule : table_rules()) rule.require(connection, table, facts);
}

Publication make_publication(Connection& connection, const SourceWishes& wishes) {
  if (!wishes.make_publication) throw no_publication(connection, wishes);
  require_publication_can_be_made(connection, wishes);
  connection.run(publication_sql(connection, wishes));
  return find_publication(connection, wishes).value_or(Publication{});
}

PublishedTable published_table(Connection& connection, const SourceWishes& wishes,
                               const StreamedTable& table) {
  auto found = find_published(connection, wishes.publication, table.schema, table.table);
  if (!found) throw not_published(connection, wishes.publication, table);
  return *std::move(found);
}

TableSchema require_published(Connection& connection, const SourceWishes& wishes, const StreamedTable& table,
                              const Publication& publication) {
  const TableFacts facts = table_facts(connection, table);
  require_root(wishes, table, facts, publication);
  PublishedTable as = published_table(connection, wishes, table);
  for (const PublishedRule& rule : published_rules())
    rule.require(connection, wishes, {table, facts, publication, as});
  return std::move(as.schema);
}

void choose_form(Source& source, const TableSchema& table) {
  for (const Column& column : table.columns) {
    if (!source.binary || readable_in_binary(column.type)) continue;
    source.binary = false;
    source.text_because = fmt::format("{}.{} has type {}", stream_name(table), column.name, column.type.name);
  }
}

// While there is no slot everything must be right; later a table's error stays with the table.
template <class Check>
void check_each(const SourceWishes& wishes, Source& source, const Check& check) {
  for (const StreamedTable& table : wishes.tables) {
    const std::string stream = stream_of(table);
    if (std::ranges::find(source.problems, stream, &TableProblem::stream) != source.problems.end()) continue;
    try {
      check(table);
    } catch (const Error& error) {
      if (wishes.slot_must_be_made || error.may_pass()) throw;
      source.problems.push_back({stream, error.message(), error.hint()});
    }
  }
}

// Goes through the rules where a start would end at the first.
class Inspector {
 public:
  Inspector(Connection& connection, const SourceWishes& wishes) : connection_(connection), wishes_(wishes) {}

  Inspection run() {
    for (const ServerRule& rule : server_rules())
      if (!holds(rule.name, "", [&] { rule.require(connection_, wishes_); }) &&
          &rule == server_rules().data())
        return std::move(found_);  // an old server doesn't know what the others ask
    for (const StreamedTable& table : wishes_.tables) look_at(table);
    look_at_publication();
    return std::move(found_);
  }

 private:
  template <class Check>
  bool holds(const std::string& rule, const std::string& stream, const Check& check) try {
    check();
    if (stream.empty()) found_.held.push_back(rule);
    return true;
  } catch (const Error& error) {
    if (error.may_pass()) throw;
    found_.broken.push_back({rule, stream, error});
    return false;
  }

  void look_at(const StreamedTable& table) {
    const std::string stream = stream_of(table);
    TableFacts facts;
    if (!holds("is there", stream, [&] { facts = table_facts(connection_, table); })) return;
    bool all = true;
    for (const TableRule& rule : table_rules())
      all = holds(rule.name, stream, [&] { rule.require(connection_, table, facts); }) && all;
    if (all) sound_.push_back(&table);
  }

  void look_at_publication() {
    const std::optional<Publication> publication = find_publication(connection_, wishes_);
    if (!publication) {
      holds("publication", "", [&] {
        if (!wishes_.make_publication) throw no_publication(connection_, wishes_);
        require_publication_can_be_made(connection_, wishes_);
      });
      return;
    }
    holds("publication", "", [&] { require_whole(wishes_, *publication); });
    for (const StreamedTable* table : sound_) look_at_published(*table, *publication);
  }

  void look_at_published(const StreamedTable& table, const Publication& publication) {
    const std::string stream = stream_of(table);
    PublishedTable as;
    const TableFacts facts = table_facts(connection_, table);
    const bool there = holds("is published", stream, [&] {
      require_root(wishes_, table, facts, publication);
      as = published_table(connection_, wishes_, table);
    });
    if (!there) return;
    for (const PublishedRule& rule : published_rules())
      holds(rule.name, stream, [&] { rule.require(connection_, wishes_, {table, facts, publication, as}); });
    found_.tables.push_back(std::move(as.schema));
  }

  Connection& connection_;
  const SourceWishes& wishes_;
  std::vector<const StreamedTable*> sound_;
  Inspection found_;
};

}  // namespace

Source check_source(Connection& connection, const SourceWishes& wishes) {
  require_server(connection, wishes);
  Source source;
  check_each(wishes, source, [&](const StreamedTable& table) { require_table(connection, table); });
  std::optional<Publication> publication = find_publication(connection, wishes);
  if (!publication) publication = make_publication(connection, wishes);
  require_whole(wishes, *publication);
  check_each(wishes, source, [&](const StreamedTable& table) {
    source.tables.push_back(require_published(connection, wishes, table, *publication));
    choose_form(source, source.tables.back());
  });
  return source;
}

TableSchema check_table(Connection& connection, const std::string& publication, const StreamedTable& table) {
  const SourceWishes wishes{.publication = publication};
  require_table(connection, table);
  const std::optional<Publication> found = find_publication(connection, wishes);
  if (!found) throw no_publication(connection, wishes);
  require_whole(wishes, *found);
  return require_published(connection, wishes, table, *found);
}

std::optional<PublicationProblem> missing_publication(Connection& connection, const std::string& publication,
                                                      const std::vector<StreamedTable>& tables) {
  const SourceWishes wishes{.publication = publication, .tables = tables};
  if (find_publication(connection, wishes)) return std::nullopt;
  const Error error = no_publication(connection, wishes);
  return PublicationProblem{error.message(), error.hint()};
}

Inspection inspect_source(Connection& connection, const SourceWishes& wishes) {
  return Inspector(connection, wishes).run();
}

}  // namespace freshet::capture
