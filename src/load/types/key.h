// KeyEncoder: the bytes of a row's key in the mirror's form. Two keys are equal in the mirror exactly when
// their bytes are, whether the values came as text or in binary: so load finds a key's earlier change within
// a round, and tells whether an UPDATE changed the key at all. The bytes mean nothing outside of one process
// and one contract. One per table, used by one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "change/schema.h"
#include "contract/contract.h"
#include "load/types/column.h"

namespace freshet::load {

class KeyEncoder {
 public:
  // The contract's key, taken from tuples over `schema`'s columns. Throws Error{config} when there is no key
  // or a column's type can't be part of one, Error{schema} when the stream lacks a key column.
  KeyEncoder(const contract::StreamContract& contract, const TableSchema& schema);

  // Appends the key of `tuple`. Or why there is none, and then `to` is as it was. Throws Error{data} when the
  // tuple is malformed.
  std::optional<Unfit> append_key(std::string_view tuple, std::string& to);

  // Positions of the key's columns in the tuple, in the order of the key.
  const std::vector<std::size_t>& positions() const { return positions_; }

 private:
  std::vector<std::size_t> positions_;
  std::vector<std::unique_ptr<ColumnBuilder>> columns_;  // of each key column, one row at a time
  std::vector<Field> fields_;                            // of the tuple
};

}  // namespace freshet::load
