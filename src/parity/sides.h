// What one statement on each side gives: sums over slices of the keys, or the keys with the sums of their
// rows.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "adapter/clickhouse/client.h"
#include "adapter/postgres/connection.h"
#include "change/lsn.h"
#include "parity/columns.h"
#include "parity/slice.h"
#include "parity/window.h"

namespace freshet::parity {

struct Listed {
  std::uint64_t hash = 0;  // of the key
  Tally tally;             // of its rows: a source without a replica identity may have several
};
// By canonical key.
using Listing = std::map<std::string, Listed>;

class SourceSide {
 public:
  SourceSide(postgres::Connection& connection, const ComparedTable& table);
  // Of the slice's keys, by their hash modulo `modulus`.
  Sums sums(const Window& window, const Slice& slice, std::uint64_t modulus);
  // Throws Error{capacity} above `keys_max`.
  Listing list(const Window& window, const Slice& slice, std::uint64_t keys_max);

 private:
  std::string rows_of(const Window& window, const Slice& slice) const;

  postgres::Connection& connection_;
  std::string key_;
  std::string row_;
  std::string from_;
};

class MirrorSide {
 public:
  MirrorSide(clickhouse::Client& client, const ComparedTable& table);
  Sums sums(const Window& window, const Slice& slice, std::uint64_t modulus);
  Listing list(const Window& window, const Slice& slice, std::uint64_t keys_max);
  // The commit of the last TRUNCATE: it takes rows away without a version of theirs.
  Lsn last_truncate();
  // The hashes, in order, of the slice's keys with a version, deletes included, of a commit at or above
  // `lsn`.
  std::vector<std::uint64_t> changed_since(Lsn lsn, const Window& window, const Slice& slice);

 private:
  std::string rows_of(const Window& window, const Slice& slice) const;

  clickhouse::Client& client_;
  std::string mirror_;
  std::string key_;
  std::string row_;
  std::string from_;
  std::string raw_;
};

}  // namespace freshet::parity
