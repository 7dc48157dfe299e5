// History: random transactions over the tables, the same for the same seed: inserts, updates with values that
// aren't sent, key changes, deletes, re-inserts, TRUNCATE, several of them on one key, and snapshots beside
// them.
#pragma once

#include <random>
#include <set>
#include <string>
#include <vector>

#include "load/source.h"

namespace freshet::test {

class History {
 public:
  // `snapshots`: without, every state is complete as of each commit; changes wait while a table is read.
  // `unfit`: of 100 rows, those whose amount is a NaN.
  History(Source& source, unsigned seed, bool snapshots = true, int unfit = 0)
      : source_(source), random_(seed), snapshots_(snapshots), unfit_(unfit) {}

  // One transaction of one to ten changes over both streamed tables; now and then a part of a snapshot
  // instead.
  void step();
  // A transaction that capture dies in, and its successor appends whole.
  void step_that_dies();
  // Ends a snapshot that is under way.
  void finish();

 private:
  struct Reading {
    std::string table;
    Lsn v;
    std::vector<std::int64_t> left;      // keys that no chunk has read yet
    std::vector<Row> read;               // not in the stream yet
    std::set<std::int64_t> without_doc;  // keys with changes that may have to wait
  };

  void change(const std::string& table);
  void begin_snapshot();
  void read_chunk();
  void bring(Reading& reading);
  void note_unsent(const std::string& table, std::int64_t id);
  bool chance(int percent) { return pick(100) < percent; }
  int pick(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }
  std::int64_t any_key(const Rows& rows);
  std::int64_t free_key(const Rows& rows);
  Row random_row(std::int64_t id);

  Source& source_;
  std::mt19937 random_;
  const bool snapshots_;
  const int unfit_;
  std::vector<Reading> reading_;  // one at most
};

}  // namespace freshet::test
