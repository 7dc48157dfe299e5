// What one statement on each side gives: sums per bucket of keys, or keys with the hash of their rows.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "adapter/clickhouse/client.h"
#include "adapter/postgres/connection.h"
#include "change/lsn.h"
#include "parity/columns.h"
#include "parity/window.h"

namespace freshet::parity {

// Keys are spread over buckets by their hash, so that two equal sides are told by 256 sums instead of every
// row.
inline constexpr std::uint64_t kBuckets = 256;

// Rows of one bucket: how many, and two sums over 60-bit halves of their MD5, which no order changes.
using Sums = std::array<std::string, 3>;
using Buckets = std::map<std::uint64_t, Sums>;
// Canonical key -> MD5 of the canonical row.
using Listing = std::map<std::string, std::string>;

// Which keys of a window: those of some buckets, or some by name.
struct Choice {
  std::vector<std::uint64_t> buckets;
  std::vector<std::string> keys;
};

class SourceSide {
 public:
  SourceSide(postgres::Connection& connection, const ComparedTable& table);
  Buckets buckets(const Window& window);
  Listing list(const Window& window, const Choice& choice);

 private:
  postgres::Connection& connection_;
  std::string hashed_;  // SELECT of key, its hash and the row's hash, up to WHERE
};

class MirrorSide {
 public:
  MirrorSide(clickhouse::Client& client, const ComparedTable& table);
  Buckets buckets(const Window& window);
  Listing list(const Window& window, const Choice& choice);
  // The commit of the last TRUNCATE: it takes rows away without a version of theirs.
  Lsn last_truncate();
  // The commit LSN of each key's last version, deletes included; a key without any is left out.
  std::map<std::string, Lsn> last_commits(const Window& window, const std::vector<std::string>& keys);

 private:
  clickhouse::Client& client_;
  std::string hashed_;
  std::string mirror_;
  std::string raw_;
  std::string key_text_;
};

}  // namespace freshet::parity
