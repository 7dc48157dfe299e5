#include "capture/pgoutput.h"

#include <fmt/format.h>

#include <limits>

#include "base/bytes.h"
#include "change/tuple.h"

namespace freshet::capture::pgoutput {
namespace {

// PostgreSQL counts from 2000-01-01.
constexpr Micros kPostgresEpoch = 946'684'800'000'000;

Lsn read_lsn(ByteReader& from) {
  return Lsn(from.be<std::uint64_t>());
}

Micros read_time(ByteReader& from) {
  const auto since_2000 = from.be<std::int64_t>();
  if (since_2000 > std::numeric_limits<Micros>::max() - kPostgresEpoch)
    throw Error(ErrorKind::data, "a time of a pgoutput message is after all that PostgreSQL knows");
  return since_2000 + kPostgresEpoch;
}

// pg_catalog is sent as an empty name.
std::string_view read_schema(ByteReader& from) {
  const std::string_view schema = from.c_string();
  return schema.empty() ? "pg_catalog" : schema;
}

Tuple read_tuple(ByteReader& from) {
  Tuple tuple;
  tuple.columns = from.be<std::uint16_t>();
  const char* begin = from.position();
  for (int i = 0; i < tuple.columns; ++i) {
    switch (static_cast<Form>(from.le<char>())) {
      case Form::null:
      case Form::unchanged: continue;
      case Form::text:
      case Form::binary: {
        const auto size = from.be<std::int32_t>();
        if (size < 0) throw Error(ErrorKind::data, "a field of a pgoutput tuple has a negative length");
        from.bytes(static_cast<std::size_t>(size));
        continue;
      }
    }
    throw Error(ErrorKind::data, "unknown form of a field in a pgoutput tuple");
  }
  tuple.fields = {begin, static_cast<std::size_t>(from.position() - begin)};
  return tuple;
}

void expect(ByteReader& from, char tag) {
  const char found = from.le<char>();
  if (found != tag)
    throw Error(ErrorKind::data, fmt::format("'{}' expected in a pgoutput message, byte {:#04x} found", tag,
                                             static_cast<unsigned char>(found)));
}

OldTuple read_old_kind(char tag) {
  if (tag != 'K' && tag != 'O')
    throw Error(ErrorKind::data, fmt::format("unknown kind {:#04x} of an old tuple in a pgoutput message",
                                             static_cast<unsigned char>(tag)));
  return static_cast<OldTuple>(tag);
}

Begin read_begin(ByteReader& from) {
  Begin begin;
  begin.commit_lsn = read_lsn(from);
  begin.committed_at = read_time(from);
  begin.xid = from.be<Xid>();
  return begin;
}

Commit read_commit(ByteReader& from) {
  from.bytes(1);  // flags, none defined
  Commit commit;
  commit.commit_lsn = read_lsn(from);
  commit.end_lsn = read_lsn(from);
  commit.committed_at = read_time(from);
  return commit;
}

ReplicaIdentity read_identity(ByteReader& from) {
  const char identity = from.le<char>();
  if (std::string_view("dnfi").find(identity) == std::string_view::npos)
    throw Error(ErrorKind::data, fmt::format("unknown replica identity {:#04x} in a pgoutput RELATION",
                                             static_cast<unsigned char>(identity)));
  return static_cast<ReplicaIdentity>(identity);
}

// Flags, the end of an empty name, type and modifier.
constexpr std::size_t kColumnBytesMin = 1 + 1 + sizeof(Oid) + sizeof(std::int32_t);

Relation read_relation(ByteReader& from) {
  Relation relation;
  relation.oid = from.be<Oid>();
  relation.schema = read_schema(from);
  relation.table = from.c_string();
  relation.identity = read_identity(from);
  const auto count = from.be<std::uint16_t>();
  if (count > from.left() / kColumnBytesMin)
    throw Error(ErrorKind::data, "a pgoutput RELATION names more columns than it holds");
  relation.columns.reserve(count);
  for (int i = 0; i < count; ++i) {
    RelationColumn column;
    column.identity = (from.le<std::uint8_t>() & 1) != 0;
    column.name = from.c_string();
    column.type = from.be<Oid>();
    column.typmod = from.be<std::int32_t>();
    relation.columns.push_back(column);
  }
  return relation;
}

Type read_type(ByteReader& from) {
  Type type;
  type.oid = from.be<Oid>();
  type.schema = read_schema(from);
  type.name = from.c_string();
  return type;
}

Insert read_insert(ByteReader& from) {
  Insert insert;
  insert.relation = from.be<Oid>();
  expect(from, 'N');
  insert.row = read_tuple(from);
  return insert;
}

Update read_update(ByteReader& from) {
  Update update;
  update.relation = from.be<Oid>();
  char tag = from.le<char>();
  if (tag != 'N') {
    update.old_kind = read_old_kind(tag);
    update.old = read_tuple(from);
    expect(from, 'N');
  }
  update.row = read_tuple(from);
  return update;
}

Delete read_delete(ByteReader& from) {
  Delete removal;
  removal.relation = from.be<Oid>();
  removal.old_kind = read_old_kind(from.le<char>());
  removal.old = read_tuple(from);
  return removal;
}

Truncate read_truncate(ByteReader& from) {
  Truncate truncate;
  const auto count = from.be<std::uint32_t>();
  const auto options = from.le<std::uint8_t>();
  truncate.cascade = (options & 1) != 0;
  truncate.restart_identity = (options & 2) != 0;
  if (count > from.left() / sizeof(Oid))
    throw Error(ErrorKind::data, "a pgoutput TRUNCATE names more relations than it holds");
  truncate.relations.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) truncate.relations.push_back(from.be<Oid>());
  return truncate;
}

Message read_message(ByteReader& from) {
  Message message;
  message.transactional = (from.le<std::uint8_t>() & 1) != 0;
  message.lsn = read_lsn(from);
  message.prefix = from.c_string();
  message.content = from.bytes(from.be<std::uint32_t>());
  return message;
}

StreamStart read_stream_start(ByteReader& from) {
  StreamStart start;
  start.xid = from.be<Xid>();
  start.first = from.le<std::uint8_t>() != 0;
  return start;
}

StreamCommit read_stream_commit(ByteReader& from) {
  StreamCommit commit;
  commit.xid = from.be<Xid>();
  from.bytes(1);  // flags, none defined
  commit.commit_lsn = read_lsn(from);
  commit.end_lsn = read_lsn(from);
  commit.committed_at = read_time(from);
  return commit;
}

StreamAbort read_stream_abort(ByteReader& from) {
  StreamAbort abort;
  abort.xid = from.be<Xid>();
  abort.subtransaction = from.be<Xid>();
  return abort;
}

// Whether the message carries its (sub)transaction when it is inside of a stream block.
bool has_owner(char kind) {
  return std::string_view("RYIUDTM").find(kind) != std::string_view::npos;
}

AnyMessage read_any(char kind, ByteReader& from) {
  switch (kind) {
    case 'B': return read_begin(from);
    case 'C': return read_commit(from);
    case 'O': {
      const Lsn lsn = read_lsn(from);
      return Origin{lsn, from.c_string()};
    }
    case 'R': return read_relation(from);
    case 'Y': return read_type(from);
    case 'I': return read_insert(from);
    case 'U': return read_update(from);
    case 'D': return read_delete(from);
    case 'T': return read_truncate(from);
    case 'M': return read_message(from);
    case 'S': return read_stream_start(from);
    case 'E': return StreamStop{};
    case 'c': return read_stream_commit(from);
    case 'A': return read_stream_abort(from);
    default:
      throw Error(ErrorKind::data,
                  fmt::format("unknown pgoutput message {:#04x}", static_cast<unsigned char>(kind)));
  }
}

}  // namespace

AnyMessage decode(std::string_view bytes, Block block) {
  ByteReader from(bytes);
  const char kind = from.le<char>();
  if (block == Block::streamed && has_owner(kind)) from.bytes(sizeof(Xid));
  AnyMessage message = read_any(kind, from);
  if (!from.at_end())
    throw Error(ErrorKind::data,
                fmt::format("{} bytes too many in pgoutput message '{}'", from.left(), kind));
  return message;
}

Xid owner(std::string_view streamed) {
  ByteReader from(streamed);
  return has_owner(from.le<char>()) ? from.be<Xid>() : 0;
}

}  // namespace freshet::capture::pgoutput
