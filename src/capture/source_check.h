// Everything about the source that must be right before capture writes anything: each thing that is wrong
// gives one Error that says what, where, and the statement that mends it. Also makes the publication where
// that was asked for. Once the slot is there, what is wrong with one table is that table's problem alone.
#pragma once

#include <string>
#include <vector>

#include "adapter/postgres/connection.h"
#include "capture/catalog.h"

namespace freshet::capture {

struct StreamedTable {
  std::string schema;
  std::string table;
  std::vector<std::string> columns;  // for a publication that is made here; empty: all
  std::vector<std::string> key;      // of its mirror; empty: the primary key
};

struct SourceWishes {
  std::string publication;
  bool slot_must_be_made = false;
  bool make_publication = false;  // when it isn't there
  std::vector<StreamedTable> tables;
};

struct TableProblem {
  std::string stream;
  std::string error;
  std::string hint;
};

struct Source {
  std::vector<TableSchema> tables;  // as published
  std::vector<TableProblem> problems;
  bool binary = true;
  std::string text_because;  // why not
};

// `connection`: a normal one. Throws Error{config|permission|schema|capacity|unsupported}.
Source check_source(postgres::Connection& connection, const SourceWishes& wishes);

}  // namespace freshet::capture
