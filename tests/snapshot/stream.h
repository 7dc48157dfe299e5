// A stand-in for capture's stream in tests: reads a slot by pgoutput's SQL functions and merges its changes
// with snapshot rows by version, as a mirror does.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "change/schema.h"
#include "change/version.h"
#include "support/postgres.h"

namespace freshet::capture {

// Rows of one table by key, the greatest version of each.
class MergedTable {
 public:
  explicit MergedTable(TableSchema schema) : schema_(std::move(schema)) {}

  void snapshot_row(Lsn v, const std::string& tuple) { put({v, 0}, tuple); }
  // Read again by its key, after all that waits: its values are right for whatever is the newest state.
  void read_again(Lsn v, const std::string& tuple);
  void gone(Lsn v, const std::string& tuple) { put({v, 0}, tuple, true); }
  void sweep(Lsn v);  // rows older than V
  void put(std::pair<Lsn, std::uint64_t> version, const std::string& tuple, bool removed = false);
  // An update that changed the key: unchanged values are those of the old one.
  void move(std::pair<Lsn, std::uint64_t> version, const std::string& old, std::string tuple);
  void truncate(std::pair<Lsn, std::uint64_t> version);

  std::vector<std::string> rows() const;
  // Keys whose newest row still waits for an unchanged TOAST value, as text.
  std::vector<std::vector<std::string>> waiting() const;
  const TableSchema& schema() const { return schema_; }

 private:
  struct Row {
    std::pair<Lsn, std::uint64_t> version;
    std::string tuple;
    bool removed = false;
  };
  std::string key_of(const std::string& tuple) const;
  void fill(std::string& tuple, const std::string& from) const;

  TableSchema schema_;
  std::map<std::string, std::vector<Row>> rows_;  // by key, by version
  std::pair<Lsn, std::uint64_t> floor_{Lsn(0), 0};
};

class SlotStream {
 public:
  SlotStream(test::TestDatabase& database, const std::string& publication);

  // The consistent point.
  Lsn start() const { return start_; }
  // Applies what has committed; every commit below the answer is applied then.
  Lsn advance(MergedTable& table);

 private:
  void message(std::string_view bytes, MergedTable& table);

  test::TestDatabase& database_;
  postgres::Connection connection_;
  std::string publication_;
  Lsn start_;
  Lsn commit_lsn_;
  std::uint64_t sequence_ = 0;
};

}  // namespace freshet::capture
