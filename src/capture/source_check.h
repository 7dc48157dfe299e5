// Everything about the source that must be right before capture writes anything: each thing that is wrong
// gives one Error that says what, where, and the statement that mends it. The rules themselves stand in
// source_rules.h; a start ends at the first that doesn't hold, `freshet doctor` and the first start's look
// ahead go through all of them. Once the slot is there, what is wrong with one table is that table's alone.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "adapter/postgres/connection.h"
#include "capture/catalog.h"

namespace freshet::capture {

struct StreamedTable {
  std::string schema;
  std::string table;
  std::vector<std::string> columns;                      // for a publication that is made here; empty: all
  std::vector<std::string> key;                          // of its mirror; empty: the primary key
  std::vector<std::string> mirrored = {};                // the columns that its mirror has; empty: all
  std::map<std::string, std::string> chosen_types = {};  // of the mirror, by column, instead of the rule's
  // Which values the mirror has NULL for, by column: a letter for each kind of them.
  std::map<std::string, std::string> nulled = {};
};

struct SourceWishes {
  std::string publication = {};
  bool slot_must_be_made = false;
  std::string slot_to_make = {};  // of a journal that is new, so whoever has the name isn't ours; else empty
  bool make_publication = false;  // when it isn't there
  bool streaming = false;         // capture runs: a walsender is ours already
  int connections = 0;            // that capture is going to hold, the stream's walsender aside
  std::vector<StreamedTable> tables = {};
};

struct TableProblem {
  std::string stream;
  std::string error;
  std::string hint;
};

// Of the publication: none of its tables can be captured.
struct PublicationProblem {
  std::string error;
  std::string hint;
};

struct Source {
  std::vector<TableSchema> tables;  // as published
  std::vector<TableProblem> problems;
  bool binary = true;
  std::string text_because;  // why not
};

// Makes the publication where that was asked for. `connection`: a normal one. Throws
// Error{config|permission|schema|capacity|unsupported}.
Source check_source(postgres::Connection& connection, const SourceWishes& wishes);

// The same for one table, once the slot is there: how it is published. Throws what is wrong with it.
TableSchema check_table(postgres::Connection& connection, const std::string& publication,
                        const StreamedTable& table);

// Where it isn't there any more, with the statement that makes it again for all these tables; nothing: it is.
// What is committed to any table meanwhile can't be streamed.
std::optional<PublicationProblem> missing_publication(postgres::Connection& connection,
                                                      const std::string& publication,
                                                      const std::vector<StreamedTable>& tables);

// Throws Error{unsupported} where the server is too old. Nothing else is asked of one before this.
void require_supported(const postgres::Connection& connection);

struct BrokenRule {
  std::string rule;
  std::string stream;  // empty: the server or the publication
  Error error;
};

struct Inspection {
  std::vector<std::string> held;  // the server's and the publication's rules
  std::vector<BrokenRule> broken;
  std::vector<TableSchema> tables;  // as published, those that could be looked at
};

// All rules, and only reads. Throws Error{transient|in_doubt} when the source went away meanwhile.
Inspection inspect_source(postgres::Connection& connection, const SourceWishes& wishes);

}  // namespace freshet::capture
