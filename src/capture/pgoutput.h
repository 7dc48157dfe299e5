// Reads the messages of PostgreSQL's `pgoutput` plugin, proto_version 2, one at a time. Pure: bytes in, views
// into these bytes out; damaged bytes throw Error{data}. Any thread.
// (https://www.postgresql.org/docs/15/protocol-logicalrep-message-formats.html)
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "change/lsn.h"
#include "change/schema.h"

namespace freshet::capture::pgoutput {

using Xid = std::uint32_t;
using Oid = std::uint32_t;

// Inside of a stream block (StreamStart … StreamStop) messages carry the (sub)transaction they belong to.
enum class Block { ordinary, streamed };

struct Begin {
  Lsn commit_lsn;
  Micros committed_at = 0;
  Xid xid = 0;
};

struct Commit {
  Lsn commit_lsn;
  Lsn end_lsn;
  Micros committed_at = 0;
};

struct Origin {
  Lsn lsn;
  std::string_view name;
};

struct RelationColumn {
  std::string_view name;
  Oid type = 0;
  std::int32_t typmod = -1;
  bool identity = false;  // part of the replica identity; all of them under REPLICA IDENTITY FULL
};

struct Relation {
  Oid oid = 0;
  std::string_view schema;
  std::string_view table;
  ReplicaIdentity identity = ReplicaIdentity::primary_key;
  std::vector<RelationColumn> columns;
};

struct Type {
  Oid oid = 0;
  std::string_view schema;
  std::string_view name;
};

struct Tuple {
  std::uint16_t columns = 0;
  std::string_view fields;  // as change/tuple.h has them
};

enum class OldTuple : char { none = 0, key = 'K', full = 'O' };

struct Insert {
  Oid relation = 0;
  Tuple row;
};

struct Update {
  Oid relation = 0;
  OldTuple old_kind = OldTuple::none;
  Tuple old;
  Tuple row;
};

struct Delete {
  Oid relation = 0;
  OldTuple old_kind = OldTuple::key;
  Tuple old;
};

struct Truncate {
  bool cascade = false;
  bool restart_identity = false;
  std::vector<Oid> relations;
};

// What pg_logical_emit_message() wrote.
struct Message {
  bool transactional = false;
  Lsn lsn;
  std::string_view prefix;
  std::string_view content;
};

struct StreamStart {
  Xid xid = 0;
  bool first = false;  // the first block of this transaction
};

struct StreamStop {};

struct StreamCommit {
  Xid xid = 0;
  Lsn commit_lsn;
  Lsn end_lsn;
  Micros committed_at = 0;
};

// Of the whole transaction when both are equal.
struct StreamAbort {
  Xid xid = 0;
  Xid subtransaction = 0;
};

using AnyMessage = std::variant<Begin, Commit, Origin, Relation, Type, Insert, Update, Delete, Truncate,
                                Message, StreamStart, StreamStop, StreamCommit, StreamAbort>;

AnyMessage decode(std::string_view bytes, Block block);

// The (sub)transaction that a message of a stream block belongs to; nothing to find in an Origin message (0).
Xid owner(std::string_view streamed);

}  // namespace freshet::capture::pgoutput
