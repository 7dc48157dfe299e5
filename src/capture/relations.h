// The tables that the stream has announced, by OID, on the connection of now. The server sends a relation
// again when it may have changed, within the transaction that first needs it: read in commit order (streamed
// transactions from the spool, without what was aborted), the newest one is the right one. Owned by the
// journal thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "capture/pgoutput.h"
#include "change/schema.h"

namespace freshet::capture {

// Asks the catalogue for what the stream doesn't say.
struct RelationFacts {
  TableSchema schema;             // types resolved
  std::vector<bool> primary_key;  // by column of `schema`; empty: the table has none
  // A table of identity FULL sends old rows whole. One with partitions says so of theirs, too, and each of
  // them has an identity of its own.
  bool sends_whole_rows = true;
};
using RelationLookup = std::function<RelationFacts(const pgoutput::Relation& relation)>;

// What one stream has carried so far.
struct StreamCount {
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
};

struct KnownRelation {
  TableSchema schema;
  std::string stream;
  bool wanted = false;  // else it isn't ours, a partition announced beside its root for instance
  // What an UPDATE must leave as it was to be none of the key: the replica identity; under FULL, which has
  // every column, the mirror's key (empty: unknown).
  std::vector<bool> key;
  StreamCount* count = nullptr;

  friend bool operator==(const KnownRelation&, const KnownRelation&) = default;
};

// The streams that are wanted, each with the columns of its mirror's key; without any it is the primary key.
using WantedStreams = std::map<std::string, std::vector<std::string>>;

// An announcement that outlives its message.
class KeptRelation {
 public:
  explicit KeptRelation(const pgoutput::Relation& message);
  KeptRelation(KeptRelation&&) = default;
  KeptRelation& operator=(KeptRelation&&) = default;

  const pgoutput::Relation& message() const { return message_; }

 private:
  std::string_view keep(std::string_view name) { return names_.emplace_back(name); }

  std::deque<std::string> names_;  // they stay where they are, also when this moves
  pgoutput::Relation message_;
};

class Relations {
 public:
  explicit Relations(WantedStreams wanted) : wanted_(std::move(wanted)) {}

  // From here on these, too; between two transactions. The stream doesn't announce again what it has
  // announced already.
  void want(const WantedStreams& streams);

  // A new connection: nothing is announced yet.
  void restart(RelationLookup look_up);

  const KnownRelation& announce(const pgoutput::Relation& message);
  // Throws Error{data} when it was never announced.
  const KnownRelation& find(pgoutput::Oid oid);

  const WantedStreams& wanted() const { return wanted_; }
  const std::map<std::string, StreamCount>& counts() const { return counts_; }

 private:
  const KnownRelation& keep(std::unique_ptr<KnownRelation> relation);

  WantedStreams wanted_;
  std::map<std::string, StreamCount> counts_;
  RelationLookup look_up_;
  // Every shape that was announced, each once: the journal may still look at a schema it was given.
  std::vector<std::unique_ptr<KnownRelation>> all_;
  std::unordered_map<pgoutput::Oid, const KnownRelation*> by_oid_;
  std::unordered_map<pgoutput::Oid, KeptRelation> unwanted_;  // when they were announced
  pgoutput::Oid last_oid_ = 0;
  const KnownRelation* last_ = nullptr;
};

}  // namespace freshet::capture
