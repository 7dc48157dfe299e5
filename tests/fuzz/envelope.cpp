// The bytes are, after a first one that says what: a record of a stream's topic, or one of the topic of
// watermarks. What is accepted is, written again and read again, the same.
#include "journal/kafka/envelope.h"

#include "base/check.h"
#include "base/error.h"
#include "fuzz/targets.h"
#include "journal/kafka/control_record.h"

namespace freshet::fuzz {
namespace {

TableSchema make_table() {
  TableSchema table;
  table.schema = "app";
  table.table = "orders";
  const auto add = [&](const char* name, const char* type) {
    table.columns.push_back({name, builtin_type(type), table.columns.empty(), !table.columns.empty()});
    table.columns.back().type.name = type;
  };
  add("id", "bigint");
  add("paid", "boolean");
  add("total", "numeric(14,2)");
  add("rate", "double precision");
  add("note", "text");
  add("at", "timestamp with time zone");
  add("local", "timestamp without time zone");
  add("bytes", "bytea");
  add("tags", "text[]");
  add("counts", "integer[]");
  return table;
}

void change(std::string_view bytes) {
  static const TableSchema table = make_table();
  journal::EnvelopeReader reader([](journal::ShapeId) { return &table; });
  const Change read = reader.read(bytes);
  const std::string old(read.old);
  const std::string row(read.row);
  const Version version = read.version();
  std::string key;
  std::string value;
  journal::EnvelopeWriter({"test", "test"}, table).write(read, key, value);
  const Change again = reader.read(value);
  CHECK(again.op == read.op && again.flags == read.flags && again.generation == read.generation);
  CHECK(again.version() == version && again.xid == read.xid && again.committed_at == read.committed_at);
  CHECK(again.old == old);
  CHECK(again.row == row);
}

void control(std::string_view bytes) {
  const journal::ControlRecord read = journal::decode_control(bytes, 7);
  const std::string written = journal::encode(read);
  CHECK(journal::encode(journal::decode_control(written, 7)) == written);
}

}  // namespace

void envelope(std::string_view bytes) try {
  if (bytes.empty()) return;
  const std::string_view body = bytes.substr(1);
  switch (bytes.front()) {
    case 'e': return change(body);
    case 'c': return control(body);
    default: return;
  }
} catch (const Error& error) {
  CHECK(error.kind() == ErrorKind::data);
}

}  // namespace freshet::fuzz
