#include "journal_view.h"

#include <gtest/gtest.h>

#include "change/text/pg_text.h"
#include "change/tuple.h"

namespace freshet::capture::test {
namespace {

const std::string kUnchanged = "(unchanged)";

std::optional<std::string> text_of(const Field& field, const PgType& type) {
  switch (field.form) {
    case Form::null: return std::nullopt;
    case Form::unchanged: return kUnchanged;
    case Form::text: return std::string(field.bytes);
    case Form::binary: {
      std::string text;
      EXPECT_TRUE(pg_text::append_text(text, type, field.bytes)) << type.name;
      return text;
    }
  }
  return std::nullopt;
}

Row row_of(const TableSchema& schema, std::string_view tuple) {
  Row row;
  if (tuple.empty()) return row;
  TupleReader reader(tuple);
  for (const Column& column : schema.columns) row[column.name] = text_of(reader.next(), column.type);
  EXPECT_TRUE(reader.at_end());
  return row;
}

}  // namespace

void JournalView::read() {
  while (const auto to = reader_.next(at_, 64 << 20, std::chrono::milliseconds(0))) {
    reader_.read(
        at_ ? at_->ends : journal::Ends(), to->ends,
        [&](const Change& change, const journal::Partition&, journal::Offset) { take(change, *to); });
    at_ = to;
  }
}

void JournalView::take(const Change& change, const journal::Watermark& to) {
  const bool above = std::pair(change.epoch, change.commit_lsn) > std::pair(to.epoch, to.commit_lsn);
  if (change.generation == to.generation) {
    ASSERT_FALSE(above) << "half a transaction: " << to_string(change.commit_lsn) << " in the watermark of "
                        << to_string(to.commit_lsn);
  }
  if (above) return;
  const std::string name = stream_name(*change.schema);
  if (const auto counted = counted_.find(name); counted != counted_.end()) {
    ++counted->second;
    return;
  }
  Stream& stream = streams_[name];
  stream.records.push_back({change.op, change.flags, change.version(), change.xid,
                            row_of(*change.schema, change.old), row_of(*change.schema, change.row)});
  put(stream, *change.schema, stream.records.back());
}

std::string JournalView::key_of(const TableSchema& schema, const Row& row) const {
  std::string key;
  if (const auto named = keys_.find(stream_name(schema)); named != keys_.end()) {
    for (const std::string& column : named->second) key += row.at(column).value_or("NULL") + "|";
  } else {
    for (const Column& column : schema.columns) {
      if (column.key) key += row.at(column.name).value_or("NULL") + "|";
    }
  }
  return key;
}

// What a reading of the whole table brought, or the stream since, is at its version or above.
void JournalView::sweep(Stream& stream, Version version) {
  for (auto& [key, held] : stream.held) {
    if (held.version >= version) continue;
    held.version = version;
    held.gone = true;
  }
}

void JournalView::put(Stream& stream, const TableSchema& schema, const Record& record) {
  const auto bury = [&](const Row& key) {
    Held& held = stream.held[key_of(schema, key)];
    if (record.version < held.version) return;
    held.version = record.version;
    held.gone = true;
  };
  switch (record.op) {
    case Op::truncate: stream.floor = std::max(stream.floor, record.version); return;
    case Op::snapshot_begin: return;
    case Op::snapshot_end:
      if ((record.flags & kSweep) != 0) sweep(stream, record.version);
      return;
    case Op::remove:
    case Op::moved:
    case Op::snapshot_gone: bury(record.old); return;
    case Op::insert:
    case Op::update:
    case Op::snapshot_row: break;
  }
  Held& held = stream.held[key_of(schema, record.row)];
  if (record.version < held.version) return;
  Row row = record.row;
  for (auto& [column, value] : row) {
    if (value != kUnchanged) continue;
    const bool moved = !record.old.empty();
    const Row& before = moved ? stream.held[key_of(schema, record.old)].row : held.row;
    value = before.at(column);
  }
  held = {record.version, false, std::move(row)};
}

Rows JournalView::rows(const std::string& stream) const {
  Rows live;
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return live;
  for (const auto& [key, held] : found->second.held) {
    if (!held.gone && held.version > found->second.floor) live[key] = held.row;
  }
  return live;
}

std::vector<Record> JournalView::records(const std::string& stream) const {
  const auto found = streams_.find(stream);
  return found == streams_.end() ? std::vector<Record>() : found->second.records;
}

}  // namespace freshet::capture::test
