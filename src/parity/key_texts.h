// Keys in the text by which the source is asked for their rows.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "adapter/postgres/connection.h"
#include "parity/columns.h"
#include "parity/differing.h"

namespace freshet::parity {

class KeyTexts {
 public:
  using Texts = std::vector<std::string>;  // of the key's columns

  KeyTexts(postgres::Connection& source, const ComparedTable& table) : source_(source), table_(table) {}

  // One for each of the keys. Nothing where the source reads another key from its text, or none: it can't
  // have a row of it, and must not be asked for that other one.
  std::vector<std::optional<Texts>> of(std::span<const DifferingKey> keys);

 private:
  void keep_those_read_alike(std::span<const DifferingKey> keys, std::span<std::optional<Texts>> texts);
  std::vector<std::optional<std::string>> as_the_source_reads(std::span<const std::optional<Texts>> texts);
  std::string row_of(std::size_t number, const Texts& texts) const;

  postgres::Connection& source_;
  const ComparedTable& table_;
};

}  // namespace freshet::parity
