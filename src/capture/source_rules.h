// The rules that a source has to keep, each in one place: a name for people, and a check that throws the
// Error with its mending statement. They only read. Used by source_check.cpp, on its connection's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "capture/source_check.h"

namespace freshet::capture {

struct ServerRule {
  const char* name;
  void (*require)(postgres::Connection&, const SourceWishes&);
  // While it is broken, what has run before …
  enum class Later { ends, waits, is_warned } later = Later::ends;
};
// Those that come later need those that come first.
std::span<const ServerRule> server_rules();

struct TableFacts {
  char kind = 'r';
  char identity = 'd';
  bool logged = true;
  bool has_key = false;  // a primary key that can identify rows
  bool deferrable_key = false;
  bool identity_index = false;
  bool readable = false;     // any column of it
  bool rows_hidden = false;  // row-level security applies to us
  bool schema_usable = false;
  std::uint32_t oid = 0;
};
// Throws Error{config} where there is no such table.
TableFacts table_facts(postgres::Connection& connection, const StreamedTable& table);

// What needs no publication, so that none is made when something is wrong.
struct TableRule {
  const char* name;
  void (*require)(postgres::Connection&, const StreamedTable&, const TableFacts&);
};
std::span<const TableRule> table_rules();

// Those of what tells rows apart (identity_rules.cpp): of the table, by its key, and in its partitions.
void require_identity(postgres::Connection& connection, const StreamedTable& table, const TableFacts& facts);
void require_unique_key(postgres::Connection& connection, const StreamedTable& table,
                        const TableFacts& facts);
void require_identity_of_partitions(postgres::Connection& connection, const StreamedTable& table,
                                    const TableFacts& facts);

struct Publication {
  bool whole = false;  // publishes every kind of change
  bool via_root = false;
};
std::optional<Publication> find_publication(postgres::Connection& connection, const SourceWishes& wishes);
// CREATE PUBLICATION, as it should be.
std::string publication_sql(postgres::Connection& connection, const SourceWishes& wishes);
// With that statement, where the wishes have the tables: one for some of them would leave the others out.
Error no_publication(postgres::Connection& connection, const SourceWishes& wishes);
Error not_published(postgres::Connection& connection, const std::string& publication,
                    const StreamedTable& table);
// That the role owns the tables and may create something in the database; for a publication that isn't there.
void require_publication_can_be_made(postgres::Connection& connection, const SourceWishes& wishes);
void require_whole(const SourceWishes& wishes, const Publication& publication);

// Else the publication doesn't know the table by its name.
void require_root(const SourceWishes& wishes, const StreamedTable& table, const TableFacts& facts,
                  const Publication& publication);

// A table in the publication that is there.
struct Published {
  const StreamedTable& table;
  const TableFacts& facts;
  const Publication& publication;
  const PublishedTable& as;
};
struct PublishedRule {
  const char* name;
  void (*require)(postgres::Connection&, const SourceWishes&, const Published&);
};
std::span<const PublishedRule> published_rules();

}  // namespace freshet::capture
