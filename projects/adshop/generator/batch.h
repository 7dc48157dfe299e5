// Batch: the text of several transactions, sent to the server in one piece. So a change costs neither a round
// trip nor a flush of its own: only the last transaction of a batch waits for the disk, which makes the ones
// before it durable, too. Owned by live traffic's one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "rows.h"

namespace freshet::adshop {

class Batch {
 public:
  // Inserts of the open transaction; a transaction opens by itself.
  Rows& rows() { return inserts_; }
  // A statement after the inserts so far, which changes this many rows.
  void run(std::string_view statement, std::int64_t changes);
  // Without any change to count: savepoints, and what is rolled back.
  void run(std::string_view statement) { run(statement, 0); }

  void commit();
  void rollback();

  std::int64_t changes() const { return changes_; }
  std::int64_t transactions() const { return transactions_; }
  bool empty() const { return text_.empty(); }
  // Ends with a commit that waits for the disk; begins anew.
  std::string take();
  // Forgets what was collected.
  void clear();

 private:
  void open();
  void flush_inserts();

  InsertRows inserts_;
  std::string text_;
  std::size_t last_begin_ = 0;  // where the last transaction begins in text_
  bool open_ = false;
  std::int64_t pending_changes_ = 0;  // of the open transaction
  std::int64_t changes_ = 0;
  std::int64_t transactions_ = 0;
};

// UPDATE … FROM (VALUES …): many rows by one statement.
class ManyRowUpdate {
 public:
  // head: up to VALUES; tail: behind them. For instance "UPDATE app.t t SET x = v.x::int" and
  // "AS v (id, x) WHERE t.id = v.id::bigint".
  ManyRowUpdate(std::string_view head, std::string_view tail) : head_(head), tail_(tail) {}

  Row row();
  // Runs it, if there is any row.
  void run(Batch& batch);

 private:
  std::string head_;
  std::string tail_;
  std::string values_;
  std::int64_t count_ = 0;
};

}  // namespace freshet::adshop
