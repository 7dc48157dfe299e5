// Which keys differ for what waits in quarantine. Only an explanation: no verdict depends on it.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "adapter/clickhouse/client.h"
#include "adapter/postgres/connection.h"
#include "parity/columns.h"

namespace freshet::parity {

class WaitingKeys {
 public:
  WaitingKeys(clickhouse::Client& mirror, postgres::Connection& source, const ComparedTable& table)
      : mirror_(mirror), source_(source), table_(table) {}

  // Those of these keys, canonical, that a change in quarantine concerns. All of them where the stream waits
  // as a whole, or where the source can't say any more what a key is that waits.
  std::set<std::string> among(const std::vector<std::string>& keys);

 private:
  // As quarantine keeps it: in the mirror's form; or, where it has no place there, as it came.
  struct Kept {
    std::string hex;
    std::string schema;  // of one that begins as those that have no place
  };
  using Keys = std::vector<std::string>;  // canonical
  using Values = std::vector<std::optional<std::string>>;

  bool all_wait();
  std::vector<Kept> next_portion(const std::string& after);
  Keys in_mirrors_form(const std::string& hex);
  std::optional<Keys> as_they_came(const std::vector<Values>& values);
  std::optional<Values> values_of(const Kept& kept) const;

  clickhouse::Client& mirror_;
  postgres::Connection& source_;
  const ComparedTable& table_;
};

}  // namespace freshet::parity
