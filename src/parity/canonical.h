// One canonical text of a column's value, made by SQL on either side, so that parity judges the line without
// sharing a line of code with it: floats as their bits, instants as microseconds, days as numbers, bytes as
// hex, decimals without trailing zeros, everything else as PostgreSQL's own text. Lengths stand before texts,
// so two rows have one text only when they are the same.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace freshet::parity {

// A column on both sides, with the types that the two catalogues give (not those of the contract: a judge
// asks anew).
struct ComparedColumn {
  std::string name;
  std::string source_type;         // format_type() of the base type, without modifier: "numeric", "text[]"
  std::string mirror_type;         // system.columns.type: "Nullable(Decimal(14, 2))"
  bool null_companion = false;     // the mirror has "<name>__null"
  bool unfit_is_null = false;      // the contract allows NULL for NaN, infinity or what is out of range
  int key_position = 0;            // from 1; 0: not in the key
  std::string declared_type = {};  // source_type with its modifier: "numeric(14,2)"
};

// SQL of type text/String: "<length>:<text>", or "N" for NULL. Lengths are in characters, so that the
// source's encoding doesn't matter. Throws Error{unsupported} for a pair of types that can't be compared
// exactly.
std::string source_text(const ComparedColumn& column);
std::string mirror_text(const ComparedColumn& column);

// The same for a row or a key: the columns' texts joined.
std::string source_text(const std::vector<ComparedColumn>& columns);
std::string mirror_text(const std::vector<ComparedColumn>& columns);

// SQL of one of the source's values, given as PostgreSQL's text, such that source_text() of a column of such
// values says what it says of the column itself. NULL without one.
std::string source_literal(const ComparedColumn& column, const std::optional<std::string>& text);

// The values of a key's columns as PostgreSQL reads them, out of their canonical text; nothing where one is
// NULL, or of a type that no key has.
std::optional<std::vector<std::string>> source_values(std::string_view canonical,
                                                      const std::vector<ComparedColumn>& columns);

// Those columns' canonical text taken apart for people, each value as PostgreSQL prints it: "42, 2026-01-01".
std::string readable(std::string_view canonical, const std::vector<ComparedColumn>& columns);

}  // namespace freshet::parity
