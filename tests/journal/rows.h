// Changes for tests of the journal: tables, rows that own their bytes, and what a reader saw of them.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "change/tuple.h"
#include "journal/journal.h"

namespace freshet::journal {

inline std::shared_ptr<TableSchema> make_table(const std::string& name, int columns = 2) {
  auto table = std::make_shared<TableSchema>();
  table->schema = "app";
  table->table = name;
  for (int i = 0; i < columns; ++i)
    table->columns.push_back({"c" + std::to_string(i), builtin_type(25, -1), i == 0, i != 0});
  return table;
}

inline std::string tuple_of(std::initializer_list<std::string> values) {
  std::string tuple;
  for (const std::string& value : values) append_field(tuple, {Form::text, value});
  return tuple;
}

// Bytes that don't compress; the same for the same seed.
inline std::string noise(std::size_t size, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

// A change that owns what it points to; equal when a reader should take them for the same.
struct Row {
  std::shared_ptr<const TableSchema> schema;
  Op op = Op::insert;
  std::uint8_t flags = 0;
  Epoch epoch = 0;
  Lsn commit_lsn;
  Lsn change_lsn;
  std::uint32_t xid = 0;
  Micros committed_at = 0;
  std::string old;
  std::string row;

  Change change() const {
    Change change;
    change.op = op;
    change.flags = flags;
    change.commit_lsn = commit_lsn;
    change.change_lsn = change_lsn;
    change.xid = xid;
    change.committed_at = committed_at;
    change.schema = schema.get();
    change.old = old;
    change.row = row;
    return change;
  }
};

inline Row insert(const std::shared_ptr<TableSchema>& table, std::uint64_t lsn, const std::string& value) {
  std::string row = tuple_of({std::to_string(lsn), value});
  for (std::size_t i = 2; i < table->columns.size(); ++i) append_field(row, {Form::null, {}});
  return {.schema = table,
          .commit_lsn = Lsn(lsn),
          .change_lsn = Lsn(lsn),
          .xid = static_cast<std::uint32_t>(lsn),
          .committed_at = static_cast<Micros>(lsn * 1000),
          .old = {},
          .row = row};
}

// A row as a reader saw it.
struct Seen {
  Row row;
  Partition partition;
  Offset offset;
  Generation generation;
};

inline void PrintTo(const Row& row, std::ostream* out) {
  *out << (row.schema ? stream_name(*row.schema) : "?") << "@" << row.commit_lsn.value() << " "
       << row.row.substr(0, 40);
}

inline bool operator==(const Row& a, const Row& b) {
  return *a.schema == *b.schema && a.op == b.op && a.flags == b.flags && a.epoch == b.epoch &&
         a.commit_lsn == b.commit_lsn && a.change_lsn == b.change_lsn && a.xid == b.xid &&
         a.committed_at == b.committed_at && a.old == b.old && a.row == b.row;
}

inline Seen seen(const Change& change, const Partition& partition, Offset offset) {
  return {{std::make_shared<TableSchema>(*change.schema), change.op, change.flags, change.epoch,
           change.commit_lsn, change.change_lsn, change.xid, change.committed_at, std::string(change.old),
           std::string(change.row)},
          partition,
          offset,
          change.generation};
}

// All rows of a range, by stream.
using SeenRows = std::map<std::string, std::vector<Seen>>;

inline SeenRows read_all(Reader& reader, const Ends& from, const Ends& to,
                         const std::function<bool(const std::string&)>& only = {}) {
  SeenRows rows;
  reader.read(
      from, to,
      [&](const Change& change, const Partition& partition, Offset offset) {
        rows[partition.stream].push_back(seen(change, partition, offset));
      },
      only);
  return rows;
}

inline std::vector<Row> rows_of(const SeenRows& seen, const std::string& stream) {
  std::vector<Row> rows;
  if (const auto found = seen.find(stream); found != seen.end())
    for (const Seen& one : found->second) rows.push_back(one.row);
  return rows;
}

// Says that a test's positions are durable, as load does after ClickHouse's acknowledgement.
struct Confirmed : DurabilityWitness<Confirmed> {
  static Durable<Ends> ends(Ends ends) { return confirm(std::move(ends)); }
};

#define EXPECT_ERROR(statement, expected)                         \
  try {                                                           \
    statement;                                                    \
    ADD_FAILURE() << "no error: " #statement;                     \
  } catch (const Error& error) {                                  \
    EXPECT_EQ(error.kind(), ErrorKind::expected) << error.what(); \
  }

}  // namespace freshet::journal
