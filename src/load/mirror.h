// Mirror: a contract as load sees it: where its rows go and in which columns. Made once, at start; any
// thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "contract/contract.h"
#include "load/types/mirror_type.h"

namespace freshet::load {

struct Mirror {
  contract::StreamContract contract;
  std::string stream;                 // its name in the journal
  std::vector<MirrorColumn> columns;  // in the contract's order
  std::vector<std::size_t> key;       // of `columns`, in the key's order
  std::vector<std::size_t> lookups;   // of `columns`

  const std::string& name() const { return contract.mirror; }
  bool keeps() const { return contract.on_delete == contract::OnDelete::keep; }
  bool periodic() const { return contract.mode == contract::Mode::periodic; }

  // As SQL names them, quoted.
  std::string raw() const;
  std::string src() const;
  std::string staged() const;  // of a periodic table: the rows of a snapshot until it is complete
  std::string lookup(std::size_t column) const;
  std::string lookup_name(std::size_t column) const;  // not quoted

  // Quoted names of the key's columns, and of all data columns with their companions: "`id`,`line`".
  std::string key_list() const;
  std::string column_list() const;
  // Of a lookup: its column, then the key's others.
  std::string lookup_list(std::size_t column) const;
  // The key as bytes in SQL: what KeyEncoder makes of it.
  std::string key_bytes() const;
};

// Throws Error{config}, naming the column, for what has no exact place in ClickHouse.
Mirror make_mirror(const contract::StreamContract& contract);

}  // namespace freshet::load
