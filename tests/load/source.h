// Source: plays capture: transactions, key changes and snapshots written into a real embedded journal, beside
// the rows that a right mirror would have after each commit.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "journal/embedded.h"
#include "journal/journal.h"
#include "load/tables.h"

namespace freshet::test {

using Rows = std::map<std::int64_t, Row>;

class Source {
 public:
  explicit Source(const std::string& directory, std::uint64_t journal_limit = 0);

  // As a new run of capture: what wasn't sealed is lost.
  void restart();

  // A row that was there before the stream began.
  void seed(const std::string& table, const Row& row);
  // Changes of the open transaction; commit() gives them their commit LSN and appends them.
  void insert(const std::string& table, const Row& row);
  // `row.doc` may be kUnchanged.
  void update(const std::string& table, const Row& row);
  void move(const std::string& table, std::int64_t from, const Row& row);
  void remove(const std::string& table, std::int64_t id);
  void truncate(const std::string& table);
  Lsn commit();
  // Capture dies when half of the open transaction is in the journal. Its successor appends the one before it
  // again; commit(), then, this one whole.
  void die_within();

  // Appends records of a snapshot at once, as capture does when the stream has passed the chunk.
  Lsn begin_snapshot(const std::string& table, std::uint8_t flags = 0);
  void snapshot_row(const std::string& table, Lsn v, const Row& row, std::uint8_t flags = 0, Lsn shows = {});
  void snapshot_gone(const std::string& table, Lsn v, std::int64_t id);
  void end_snapshot(const std::string& table, Lsn v, std::uint8_t flags = 0);

  // Everything appended so far becomes one watermark, as of a heartbeat after it.
  journal::Watermark seal();

  const Rows& rows(const std::string& table) const { return rows_.at(table); }
  // Live rows after a commit.
  const Rows& rows_at(const std::string& table, Lsn commit) const;
  // Of a table that keeps them: rows that are deleted, with their last values.
  const Rows& kept(const std::string& table) const { return kept_.at(table); }
  Lsn at() const { return lsn_; }
  Lsn insert_lsn() const { return Lsn(lsn_.value() + 1); }  // above whatever has committed
  const TableSchema& schema(const std::string& table) const { return schemas_.at(table); }
  // As of an ALTER TABLE: after everything is sealed.
  void change_schema(const std::string& table, const TableSchema& schema) { schemas_[table] = schema; }
  journal::Writer& writer() { return *writer_; }

 private:
  struct Pending {
    Op op;
    std::string table;
    Lsn lsn;
    std::string old;
    std::string row;
  };

  void add(Op op, const std::string& table, std::string old, std::string row, bool same_lsn = false);
  void append(Op op, const std::string& table, Lsn commit, Lsn change, std::uint8_t flags,
              std::string_view old, std::string_view row);
  void append(std::span<const Pending> changes, Lsn commit);
  Row completed(const std::string& table, std::int64_t from, Row row) const;

  std::string directory_;
  std::uint64_t journal_limit_;
  std::unique_ptr<journal::Writer> writer_;
  std::map<std::string, TableSchema> schemas_;
  std::map<std::string, Rows> rows_;
  std::map<std::string, Rows> kept_;
  std::map<std::string, std::map<Lsn, Rows>> history_;
  std::vector<Pending> pending_;
  std::vector<Pending> last_;  // of the last commit
  Lsn lsn_{0x1000};
  Lsn committed_{0x1000};
  Lsn last_commit_;
};

}  // namespace freshet::test
