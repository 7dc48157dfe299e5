// What a stream is bound to at its source: the table and its file, its columns, its partitions, its entry in
// the publication, as the catalogue had them. PostgreSQL publishes changes of rows; what takes rows away,
// brings them or gives them other values in another way changes one of these, so comparing them finds it
// (docs/upstream-changes.md). Values; no I/O.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "contract/row_identity.h"

namespace freshet::capture {

// Which version of a catalogue's row it is (its xmin): whatever is altered of what it describes writes a new
// one, also when the alteration is taken back.
using RowVersion = std::uint32_t;

// A table as the catalogue shows it now.
struct SeenTable {
  struct Column {
    std::string name;
    std::uint32_t number = 0;  // pg_attribute.attnum: never given twice
    std::uint32_t type = 0;
    RowVersion row = 0;
    std::string chosen_type = {};  // its mirror's, where the contract chooses one
    std::string nulled = {};       // a letter for each kind of value that its mirror has NULL for

    friend bool operator==(const Column&, const Column&) = default;
  };
  struct Leaf {
    std::uint32_t file = 0;     // another one after a TRUNCATE, and whatever else rewrites the table
    std::string attached;       // row versions of pg_inherits up to the root; of the table itself ""
    bool may_have_rows = true;  // not looked at again while nothing else changes
    bool logged = true;         // else its changes never reach the WAL
    // Its own; of a table without partitions that of the table below.
    contract::RowIdentity identity = contract::RowIdentity::key;

    friend bool operator==(const Leaf& a, const Leaf& b) {
      return a.file == b.file && a.attached == b.attached && a.logged == b.logged && a.identity == b.identity;
    }
  };
  // Of the columns' types, at any depth.
  struct Types {
    std::map<std::uint32_t, RowVersion> labels;                                // of enums, by OID
    std::map<std::pair<std::uint32_t, std::uint32_t>, RowVersion> attributes;  // of composites

    friend bool operator==(const Types&, const Types&) = default;
  };

  std::uint32_t oid = 0;
  std::string published;        // what publishes it, by OIDs and row versions: digits, '.', ','
  std::string identifies_rows;  // its replica identity
  contract::RowIdentity identity = contract::RowIdentity::key;  // what that tells of the mirror's key
  RowVersion key = 0;                    // of its primary key's constraint: another one once it was attached
  bool comes_as_another = false;         // its changes are published as those of a table above it
  std::vector<Column> columns;           // those that its mirror has, in the table's order
  std::map<std::uint32_t, Leaf> leaves;  // by OID: its partitions, or itself
  Types types;

  friend bool operator==(const SeenTable&, const SeenTable&) = default;
};

// What of it is remembered, as text for capture's notes.
std::string bind(const SeenTable& table);
// In place of one: changes of the table weren't streamed, or were passed over, so whatever it is like, it
// must be read again.
inline constexpr std::string_view kPassedOver;
// The table's OID; 0 of kPassedOver and of what can't be read.
std::uint32_t bound_table(std::string_view binding);

// Whether what is done to the table, as it is, or to a partition of it, isn't in the stream, or not by its
// key.
bool keeps_changes_to_itself(const SeenTable& table);

// Why rows of the table may not be what they were, or others, without a change in the stream; "" where they
// can't.
std::string_view silent_change(std::string_view binding, const SeenTable& now);

}  // namespace freshet::capture
