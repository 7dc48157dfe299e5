// ClickHouse's `Native` format, revision 0, as an HTTP insert takes it: blocks of columns.
//
//   block   := columns:varint rows:varint column*
//   column  := name:text type:text data           (no data when rows = 0)
//   text    := size:varint byte*
//   data of
//     fixed types              the values, little endian: integers, floats, Bool (1 byte), Date32 (Int32
//     days),
//                              DateTime64 (Int64 ticks), Decimal (Int32|64|128|256, scaled), UUID (the high
//                              half first, each half little endian)
//     String                   text*
//     Nullable(T)              UInt8* (1: NULL), then T's data with any value in place of a NULL
//     Array(T)                 UInt64* (each row's end in T's rows), then T's data
//     LowCardinality(String)   UInt64 1, UInt64 flags, UInt64 keys, text*, UInt64 rows, index*
//
// The columns here are plain buffers that are filled row by row and written as a whole. They are used again
// for the next block, so that appending allocates nothing once they have grown. One thread owns them.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"

namespace freshet::clickhouse::native {

// Writes a block's frame; the data of each column is appended to what column() returns.
class BlockWriter {
 public:
  BlockWriter(std::string& to, std::size_t columns, std::size_t rows) : to_(to), left_(columns) {
    append_varint(to_, columns);
    append_varint(to_, rows);
  }
  ~BlockWriter() = default;
  BlockWriter(const BlockWriter&) = delete;
  BlockWriter& operator=(const BlockWriter&) = delete;

  std::string& column(std::string_view name, std::string_view type) {
    CHECK(left_ > 0);
    --left_;
    text(name);
    text(type);
    return to_;
  }
  // All announced columns have been begun.
  bool complete() const { return left_ == 0; }

 private:
  void text(std::string_view text) {
    append_varint(to_, text.size());
    to_ += text;
  }

  std::string& to_;
  std::size_t left_;
};

// As ClickHouse keeps a UUID: RFC 4122's first eight bytes as one integer, then the last eight.
struct Uuid {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  friend bool operator==(const Uuid&, const Uuid&) = default;
};

template <class T>
class FixedColumn {
 public:
  static_assert(std::is_trivially_copyable_v<T>);

  void push(const T& value) { values_.push_back(value); }
  void push_times(std::size_t count, const T& value) { values_.insert(values_.end(), count, value); }
  std::size_t rows() const { return values_.size(); }
  std::size_t bytes() const { return values_.size() * sizeof(T); }
  const T& operator[](std::size_t row) const { return values_[row]; }
  void truncate(std::size_t rows) { values_.resize(rows); }
  void clear() { values_.clear(); }
  void write(std::string& to) const {
    to.append(reinterpret_cast<const char*>(values_.data()), values_.size() * sizeof(T));
  }

 private:
  std::vector<T> values_;
};

class StringColumn {
 public:
  void push(std::string_view text) {
    append_varint(bytes_, text.size());
    bytes_ += text;
    ends_.push_back(bytes_.size());
  }
  std::size_t rows() const { return ends_.size(); }
  std::size_t bytes() const { return bytes_.size(); }
  void truncate(std::size_t rows) {
    ends_.resize(rows);
    bytes_.resize(rows == 0 ? 0 : ends_.back());
  }
  void clear() { truncate(0); }
  void write(std::string& to) const { to += bytes_; }

 private:
  std::string bytes_;
  std::vector<std::size_t> ends_;  // of each row in bytes_
};

// LowCardinality(String) or LowCardinality(Nullable(String)): both have the key "" at 0, which stands for
// NULL in the nullable one.
class LowCardinalityColumn {
 public:
  explicit LowCardinalityColumn(bool nullable);

  void push(std::string_view text) { rows_.push_back(index_of(text)); }
  void push_null() { rows_.push_back(0); }
  std::size_t rows() const { return rows_.size(); }
  std::size_t bytes() const { return rows_.size() + keys_.bytes(); }
  void truncate(std::size_t rows) { rows_.resize(rows); }
  // Keeps the keys for the next block as long as they are few.
  void clear();
  void write(std::string& to) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  std::uint32_t index_of(std::string_view text);
  void forget_keys();

  bool nullable_;
  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> index_;
  StringColumn keys_;
  std::vector<std::uint32_t> rows_;
};

}  // namespace freshet::clickhouse::native
