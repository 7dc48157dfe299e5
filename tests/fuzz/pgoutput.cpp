// The bytes are one message of PostgreSQL's pgoutput plugin. What the decoder accepts says the same when it
// is written again, and its tuples are what load can walk.
#include "capture/pgoutput.h"

#include "base/check.h"
#include "capture/row_images.h"
#include "change/tuple.h"
#include "fuzz/targets.h"

namespace freshet::fuzz {
namespace {

using namespace capture::pgoutput;

constexpr Micros kPostgresEpoch = 946'684'800'000'000;
constexpr std::string_view kImpliedSchema = "pg_catalog";

// Writes messages as the server does.
class Encoder {
 public:
  Encoder(Block block, Xid owner) : block_(block), owner_(owner) {}

  std::string take() { return std::move(to_); }

  void operator()(const Begin& m) { kind('B').lsn(m.commit_lsn).time(m.committed_at).number(m.xid); }
  void operator()(const Commit& m) {
    kind('C').byte(0).lsn(m.commit_lsn).lsn(m.end_lsn).time(m.committed_at);
  }
  void operator()(const Origin& m) { kind('O').lsn(m.lsn).text(m.name); }
  void operator()(const Relation& m) {
    owned('R').number(m.oid).text(m.schema).text(m.table).byte(static_cast<char>(m.identity));
    number(static_cast<std::uint16_t>(m.columns.size()));
    for (const RelationColumn& column : m.columns)
      byte(column.identity ? 1 : 0).text(column.name).number(column.type).number(column.typmod);
  }
  void operator()(const Type& m) { owned('Y').number(m.oid).text(m.schema).text(m.name); }
  void operator()(const Insert& m) { owned('I').number(m.relation).tuple('N', m.row); }
  void operator()(const Update& m) {
    owned('U').number(m.relation);
    if (m.old_kind != OldTuple::none) tuple(static_cast<char>(m.old_kind), m.old);
    tuple('N', m.row);
  }
  void operator()(const Delete& m) {
    owned('D').number(m.relation).tuple(static_cast<char>(m.old_kind), m.old);
  }
  void operator()(const Truncate& m) {
    owned('T').number(static_cast<std::uint32_t>(m.relations.size()));
    byte(static_cast<char>((m.cascade ? 1 : 0) | (m.restart_identity ? 2 : 0)));
    for (const Oid relation : m.relations) number(relation);
  }
  void operator()(const Message& m) {
    owned('M').byte(m.transactional ? 1 : 0).lsn(m.lsn).text(m.prefix);
    number(static_cast<std::uint32_t>(m.content.size()));
    to_ += m.content;
  }
  void operator()(const StreamStart& m) { kind('S').number(m.xid).byte(m.first ? 1 : 0); }
  void operator()(const StreamStop&) { kind('E'); }
  void operator()(const StreamCommit& m) {
    kind('c').number(m.xid).byte(0).lsn(m.commit_lsn).lsn(m.end_lsn).time(m.committed_at);
  }
  void operator()(const StreamAbort& m) { kind('A').number(m.xid).number(m.subtransaction); }

 private:
  Encoder& kind(char kind) { return byte(kind); }
  Encoder& owned(char kind) { return block_ == Block::streamed ? byte(kind).number(owner_) : byte(kind); }
  Encoder& byte(char value) {
    to_.push_back(value);
    return *this;
  }
  template <class T>
  Encoder& number(T value) {
    append_be(to_, value);
    return *this;
  }
  Encoder& lsn(Lsn value) { return number(value.value()); }
  Encoder& time(Micros value) { return number(value - kPostgresEpoch); }
  Encoder& text(std::string_view value) {
    to_ += value;
    return byte(0);
  }
  Encoder& tuple(char tag, const Tuple& tuple) {
    byte(tag).number(tuple.columns);
    to_ += tuple.fields;
    return *this;
  }

  const Block block_;
  const Xid owner_;
  std::string to_;
};

std::string encode(const AnyMessage& message, Block block, Xid owner) {
  Encoder encoder(block, owner);
  std::visit(encoder, message);
  return encoder.take();
}

void check_tuple(const Tuple& tuple) {
  std::string again;
  int columns = 0;
  for (TupleReader reader(tuple.fields); !reader.at_end(); ++columns) append_field(again, reader.next());
  CHECK(columns == tuple.columns);
  CHECK(again == tuple.fields);
}

int count_unchanged(std::string_view tuple) {
  int count = 0;
  for (TupleReader reader(tuple); !reader.at_end();) count += reader.next().form == Form::unchanged ? 1 : 0;
  return count;
}

// What an old row hasn't got.
int count_unsent(std::string_view tuple) {
  int count = 0;
  for (TupleReader reader(tuple); !reader.at_end();) {
    const Field field = reader.next();
    count += field.form == Form::unchanged || field.null() ? 1 : 0;
  }
  return count;
}

void check_images(const Update& update) {
  check_tuple(update.old);
  check_tuple(update.row);
  if (update.old_kind == OldTuple::none || update.old.columns != update.row.columns) return;
  const std::vector<bool> all(update.row.columns, true);
  CHECK(capture::same_key(update.old.fields, update.old.fields, all));
  std::string buffer;
  const std::string_view filled = capture::fill_unchanged(update.old.fields, update.row.fields, buffer);
  // Then nothing is left to fill that the old row has.
  CHECK(count_unchanged(filled) <= count_unsent(update.old.fields));
  CHECK(capture::same_key(filled, update.row.fields, all));
}

void check(const AnyMessage& message) {
  if (const auto* insert = std::get_if<Insert>(&message)) check_tuple(insert->row);
  if (const auto* update = std::get_if<Update>(&message)) check_images(*update);
  if (const auto* removal = std::get_if<Delete>(&message)) check_tuple(removal->old);
  if (const auto* relation = std::get_if<Relation>(&message))
    CHECK(relation->columns.capacity() == relation->columns.size());
}

void decode_as(std::string_view bytes, Block block) try {
  const AnyMessage message = decode(bytes, block);
  check(message);
  const Xid owner = block == Block::streamed ? capture::pgoutput::owner(bytes) : 0;
  const std::string written = encode(message, block, owner);
  CHECK(written.size() <= bytes.size() + kImpliedSchema.size());
  CHECK(encode(decode(written, block), block, owner) == written);
} catch (const Error& error) {
  CHECK(error.kind() == ErrorKind::data);
}

}  // namespace

void pgoutput(std::string_view bytes) {
  decode_as(bytes, Block::ordinary);
  decode_as(bytes, Block::streamed);
}

}  // namespace freshet::fuzz
