#include <fmt/format.h>

#include <xxhash.h>

#include "base/json_text.h"
#include "change/tuple.h"
#include "journal/kafka/envelope.h"
#include "journal/kafka/envelope_ops.h"
#include "journal/kafka/json_value.h"

namespace freshet::journal {
namespace {

template <class Number>
void append_number(std::string& to, Number number) {
  fmt::format_to(std::back_inserter(to), "{}", number);
}

void append_member(std::string& to, std::string_view name, std::string_view text) {
  append_json_string(to, name);
  to += ':';
  append_json_string(to, text);
  to += ',';
}

std::string constant_source(const Origin& origin, const TableSchema& table) {
  std::string source;
  append_member(source, "version", "freshet-1");
  append_member(source, "connector", "postgresql");
  append_member(source, "name", origin.prefix);
  append_member(source, "db", origin.database);
  append_member(source, "schema", table.schema);
  append_member(source, "table", table.table);
  return source;
}

}  // namespace

ShapeId shape_id(const TableSchema& table) {
  const std::string bytes = encode_schema(table);
  return XXH3_64bits(bytes.data(), bytes.size());
}

EnvelopeWriter::EnvelopeWriter(const Origin& origin, const TableSchema& table)
    : table_(table), shape_(shape_id(table)), source_(constant_source(origin, table)) {
  names_.reserve(table.columns.size());
  for (const Column& column : table.columns) {
    append_json_string(names_.emplace_back(), column.name);
    names_.back() += ':';
  }
}

void EnvelopeWriter::write(const Change& change, std::string& key, std::string& value) const {
  value.clear();
  const OpForm& form = form_of(change.op);
  fmt::format_to(std::back_inserter(value),
                 R"({{"freshet":{{"op":"{}","flags":{},"epoch":{},"generation":{},"shape":"{:016x}"}},)",
                 form.name, change.flags, change.epoch, change.generation.value(), shape_);
  value += R"("source":{)";
  value += source_;
  fmt::format_to(
      std::back_inserter(value),
      R"("snapshot":"{}","txId":{},"lsn":{},"sequence":"[\"{}\",\"{}\"]","ts_us":{}}},"op":"{}","before":)",
      change.from_snapshot(), change.xid, change.change_lsn.value(), change.commit_lsn.value(),
      change.change_lsn.value(), change.committed_at, form.debezium);
  append_row(value, change.old);
  value += R"(,"after":)";
  append_row(value, change.row);
  value += '}';

  key.clear();
  if (const std::string_view identity = form.keyed_by_old ? change.old : change.row; !identity.empty())
    append_key(key, identity);
}

void EnvelopeWriter::append_row(std::string& to, std::string_view tuple) const {
  if (tuple.empty()) {
    to += "null";
    return;
  }
  TupleReader fields(tuple);
  to += '{';
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (i > 0) to += ',';
    to += names_[i];
    append_json_value(to, table_.columns[i].type, fields.next());
  }
  to += '}';
}

void EnvelopeWriter::append_key(std::string& to, std::string_view tuple) const {
  TupleReader fields(tuple);
  to += '{';
  for (std::size_t i = 0; i < names_.size(); ++i) {
    const Field field = fields.next();
    if (!table_.columns[i].key) continue;
    if (to.size() > 1) to += ',';
    to += names_[i];
    append_json_value(to, table_.columns[i].type, field);
  }
  to += '}';
}

}  // namespace freshet::journal
