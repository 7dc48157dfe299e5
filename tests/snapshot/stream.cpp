#include "snapshot/stream.h"

#include <fmt/format.h>

#include <algorithm>

#include "change/tuple.h"

namespace freshet::capture {
namespace {

using VersionPair = std::pair<Lsn, std::uint64_t>;

std::vector<Field> fields_of(const std::string& tuple) {
  std::vector<Field> fields;
  for (TupleReader reader(tuple); !reader.at_end();) fields.push_back(reader.next());
  return fields;
}

std::string tuple_of(const std::vector<Field>& fields) {
  std::string tuple;
  for (const Field& field : fields) append_field(tuple, field);
  return tuple;
}

// The fields of pgoutput's TupleData: those of a tuple.
std::string read_tuple(ByteReader& from) {
  const auto count = from.be<std::int16_t>();
  std::string tuple;
  for (int i = 0; i < count; ++i) {
    const char form = from.le<char>();
    tuple += form;
    if (form == 'n' || form == 'u') continue;
    const auto size = from.be<std::int32_t>();
    append_be(tuple, size);
    tuple += from.bytes(static_cast<std::size_t>(size));
  }
  return tuple;
}

}  // namespace

std::string MergedTable::key_of(const std::string& tuple) const {
  std::string key;
  const std::vector<Field> fields = fields_of(tuple);
  for (std::size_t i = 0; i < fields.size(); ++i)
    if (schema_.columns[i].key) append_field(key, fields[i]);
  return key;
}

void MergedTable::fill(std::string& tuple, const std::string& from) const {
  std::vector<Field> fields = fields_of(tuple);
  const std::vector<Field> values = fields_of(from);
  for (std::size_t i = 0; i < fields.size(); ++i)
    if (fields[i].form == Form::unchanged) fields[i] = values[i];
  tuple = tuple_of(fields);
}

// Unchanged values come from the version below, which must be there: at the latest when a snapshot row
// arrives.
void MergedTable::put(VersionPair version, const std::string& tuple, bool removed) {
  std::vector<Row>& states = rows_[key_of(tuple)];
  std::erase_if(states, [&](const Row& row) { return row.version == version; });
  const auto at = std::ranges::find_if(states, [&](const Row& row) { return row.version > version; });
  auto added = states.insert(at, {version, tuple, removed});
  if (added == states.begin()) ++added;
  for (; added != states.end(); ++added)
    if (!added->removed && !std::prev(added)->removed) fill(added->tuple, std::prev(added)->tuple);
}

void MergedTable::move(VersionPair version, const std::string& old, std::string tuple) {
  const std::vector<Row>& states = rows_[key_of(old)];
  if (!states.empty() && !states.back().removed) fill(tuple, states.back().tuple);
  put(version, old, true);
  put({version.first, version.second + 1}, tuple);
}

void MergedTable::read_again(Lsn v, const std::string& tuple) {
  snapshot_row(v, tuple);
  fill(rows_[key_of(tuple)].back().tuple, tuple);
}

void MergedTable::truncate(VersionPair version) {
  floor_ = std::max(floor_, version);
}

void MergedTable::sweep(Lsn v) {
  for (auto& [key, states] : rows_)
    std::erase_if(states, [&](const Row& row) { return row.version.first < v; });
}

std::vector<std::string> MergedTable::rows() const {
  std::vector<std::string> live;
  for (const auto& [key, states] : rows_)
    if (!states.empty() && !states.back().removed && states.back().version > floor_)
      live.push_back(states.back().tuple);
  return live;
}

std::vector<std::vector<std::string>> MergedTable::waiting() const {
  std::vector<std::vector<std::string>> keys;
  for (const std::string& row : rows()) {
    const std::vector<Field> fields = fields_of(row);
    if (std::ranges::find(fields, Form::unchanged, &Field::form) == fields.end()) continue;
    keys.push_back({std::to_string(load_be<std::int32_t>(fields[0].bytes.data()))});
  }
  return keys;
}

SlotStream::SlotStream(test::TestDatabase& database, const std::string& publication)
    : database_(database),
      connection_({.url = database.url(), .purpose = "freshet test stream"}),
      publication_(publication) {
  start_ = parse_lsn(
      connection_
          .query("SELECT lsn FROM pg_create_logical_replication_slot($1, 'pgoutput')", {database.name()})
          .text(0, 0));
}

Lsn SlotStream::advance(MergedTable& table) {
  // A commit of our own flushes everything before it.
  connection_.query("SELECT pg_logical_emit_message(true, 'test', '')");
  const Lsn passed = parse_lsn(connection_.query("SELECT pg_current_wal_flush_lsn()").text(0, 0));
  const postgres::Result changes = connection_.query(
      "SELECT data FROM pg_logical_slot_get_binary_changes($1, NULL, NULL, 'proto_version', "
      "'1', 'publication_names', $2, 'binary', 'true')",
      {database_.name(), publication_});
  for (int row = 0; row < changes.rows(); ++row) {
    const std::string_view hex = changes.text(row, 0).substr(2);
    std::string bytes;
    for (std::size_t i = 0; i < hex.size(); i += 2)
      bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
    message(bytes, table);
  }
  return passed;
}

// https://www.postgresql.org/docs/15/protocol-logicalrep-message-formats.html
void SlotStream::message(std::string_view bytes, MergedTable& table) {
  ByteReader from(bytes);
  const char type = from.le<char>();
  if (type == 'B') {
    commit_lsn_ = Lsn(static_cast<std::uint64_t>(from.be<std::int64_t>()));
    return;
  }
  const VersionPair version(commit_lsn_, ++sequence_);
  if (type == 'T') table.truncate(version);
  if (type != 'I' && type != 'U' && type != 'D') return;
  from.be<std::int32_t>();
  const char kind = from.le<char>();
  if (kind == 'N') return table.put(version, read_tuple(from));
  const std::string old = read_tuple(from);
  if (type == 'D') return table.put(version, old, true);
  from.le<char>();  // 'N'
  ++sequence_;
  table.move(version, old, read_tuple(from));
}

}  // namespace freshet::capture
