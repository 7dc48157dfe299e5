// For tests only: pgoutput messages as a server would write them.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "change/tuple.h"

namespace freshet::capture::test {

// Text fields, "" for NULL, "~" for unchanged TOAST.
inline std::string fields(std::initializer_list<std::string_view> values) {
  std::string tuple;
  for (const std::string_view value : values) {
    const Form form = value.empty() ? Form::null : value == "~" ? Form::unchanged : Form::text;
    append_field(tuple, {form, form == Form::text ? value : std::string_view()});
  }
  return tuple;
}

inline void append_tuple(std::string& to, char tag, std::initializer_list<std::string_view> values) {
  to.push_back(tag);
  append_be(to, static_cast<std::uint16_t>(values.size()));
  to += fields(values);
}

// The first byte, and the (sub)transaction inside of a stream block (0: outside of one).
inline std::string head(char kind, std::uint32_t xid) {
  std::string bytes(1, kind);
  if (xid != 0) append_be(bytes, xid);
  return bytes;
}

inline std::string begin(std::uint64_t commit_lsn, std::int64_t time, std::uint32_t xid) {
  std::string bytes = "B";
  append_be(bytes, commit_lsn);
  append_be(bytes, time);
  append_be(bytes, xid);
  return bytes;
}

inline std::string commit(std::uint64_t commit_lsn, std::uint64_t end_lsn, std::int64_t time = 0) {
  std::string bytes("C\0", 2);
  append_be(bytes, commit_lsn);
  append_be(bytes, end_lsn);
  append_be(bytes, time);
  return bytes;
}

struct ColumnBytes {
  std::string_view name;
  std::uint32_t type = 25;
  bool identity = false;
};

inline std::string relation(std::uint32_t oid, std::string_view schema, std::string_view table,
                            std::initializer_list<ColumnBytes> columns, char identity = 'd',
                            std::uint32_t xid = 0) {
  std::string bytes = head('R', xid);
  append_be(bytes, oid);
  (bytes += schema).push_back('\0');
  (bytes += table).push_back('\0');
  bytes.push_back(identity);
  append_be(bytes, static_cast<std::uint16_t>(columns.size()));
  for (const ColumnBytes& column : columns) {
    bytes.push_back(column.identity ? 1 : 0);
    (bytes += column.name).push_back('\0');
    append_be(bytes, column.type);
    append_be(bytes, std::int32_t{-1});
  }
  return bytes;
}

inline std::string insert(std::uint32_t oid, std::initializer_list<std::string_view> row,
                          std::uint32_t xid = 0) {
  std::string bytes = head('I', xid);
  append_be(bytes, oid);
  append_tuple(bytes, 'N', row);
  return bytes;
}

// `old_kind` 0: no old tuple.
inline std::string update(std::uint32_t oid, char old_kind, std::initializer_list<std::string_view> old,
                          std::initializer_list<std::string_view> row, std::uint32_t xid = 0) {
  std::string bytes = head('U', xid);
  append_be(bytes, oid);
  if (old_kind != 0) append_tuple(bytes, old_kind, old);
  append_tuple(bytes, 'N', row);
  return bytes;
}

inline std::string remove(std::uint32_t oid, char old_kind, std::initializer_list<std::string_view> old,
                          std::uint32_t xid = 0) {
  std::string bytes = head('D', xid);
  append_be(bytes, oid);
  append_tuple(bytes, old_kind, old);
  return bytes;
}

inline std::string truncate(std::initializer_list<std::uint32_t> oids, std::uint32_t xid = 0) {
  std::string bytes = head('T', xid);
  append_be(bytes, static_cast<std::uint32_t>(oids.size()));
  bytes.push_back(0);
  for (const std::uint32_t oid : oids) append_be(bytes, oid);
  return bytes;
}

inline std::string message(std::string_view prefix, std::string_view content, std::uint64_t lsn = 0,
                           std::uint32_t xid = 0) {
  std::string bytes = head('M', xid);
  bytes.push_back(1);
  append_be(bytes, lsn);
  (bytes += prefix).push_back('\0');
  append_be(bytes, static_cast<std::uint32_t>(content.size()));
  bytes += content;
  return bytes;
}

inline std::string stream_start(std::uint32_t xid, bool first = true) {
  std::string bytes = head('S', xid);
  bytes.push_back(first ? 1 : 0);
  return bytes;
}

inline std::string stream_stop() {
  return "E";
}

inline std::string stream_commit(std::uint32_t xid, std::uint64_t commit_lsn, std::int64_t time = 0) {
  std::string bytes = head('c', xid);
  bytes.push_back(0);
  append_be(bytes, commit_lsn);
  append_be(bytes, commit_lsn + 8);
  append_be(bytes, time);
  return bytes;
}

inline std::string stream_abort(std::uint32_t xid, std::uint32_t subtransaction) {
  std::string bytes = head('A', xid);
  append_be(bytes, subtransaction);
  return bytes;
}

}  // namespace freshet::capture::test
