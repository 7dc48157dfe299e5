// Reads the journal as load would, into rows by key: the greatest version wins, unchanged TOAST comes from
// the row before. And checks what load relies on: a watermark's records are whole transactions.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "journal/journal.h"

namespace freshet::capture::test {

using Row = std::map<std::string, std::optional<std::string>>;  // text by column
using Rows = std::map<std::string, Row>;                        // by key, its columns joined by '|'

struct Record {
  Op op = Op::insert;
  std::uint8_t flags = 0;
  Version version;
  std::uint32_t xid = 0;
  Row old;
  Row row;
};

class JournalView {
 public:
  explicit JournalView(journal::Reader& reader) : reader_(reader) {}

  // `key`: columns that identify a row where the replica identity doesn't say (FULL).
  void set_key(const std::string& stream, std::vector<std::string> key) { keys_[stream] = std::move(key); }
  // Only count the records of this stream.
  void only_count(const std::string& stream) { counted_[stream] = 0; }

  // Everything up to the newest watermark.
  void read();

  const journal::Watermark& watermark() const { return *at_; }
  Rows rows(const std::string& stream) const;  // that live
  std::vector<Record> records(const std::string& stream) const;
  std::uint64_t count(const std::string& stream) const { return counted_.at(stream); }

 private:
  struct Held {
    Version version;
    bool gone = false;
    Row row;
  };
  struct Stream {
    std::map<std::string, Held> held;
    Version floor;
    std::vector<Record> records;
  };

  void take(const Change& change, const journal::Watermark& to);
  std::string key_of(const TableSchema& schema, const Row& row) const;
  static void sweep(Stream& stream, Version version);
  void put(Stream& stream, const TableSchema& schema, const Record& record);

  journal::Reader& reader_;
  std::optional<journal::Watermark> at_;
  std::map<std::string, std::vector<std::string>> keys_;
  std::map<std::string, std::uint64_t> counted_;
  std::map<std::string, Stream> streams_;
};

}  // namespace freshet::capture::test
