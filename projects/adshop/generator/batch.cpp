#include "batch.h"

#include <utility>

namespace freshet::adshop {

void Batch::open() {
  if (open_) return;
  last_begin_ = text_.size();
  text_ += "BEGIN;\n";
  open_ = true;
}

void Batch::flush_inserts() {
  if (inserts_.empty()) return;
  open();
  pending_changes_ += inserts_.count();
  text_ += inserts_.take();
}

void Batch::run(std::string_view statement, std::int64_t changes) {
  flush_inserts();
  open();
  text_ += statement;
  text_ += ";\n";
  pending_changes_ += changes;
}

void Batch::commit() {
  flush_inserts();
  if (!open_) return;
  text_ += "COMMIT;\n";
  open_ = false;
  changes_ += std::exchange(pending_changes_, 0);
  ++transactions_;
}

void Batch::rollback() {
  flush_inserts();
  if (!open_) return;
  text_ += "ROLLBACK;\n";
  open_ = false;
  pending_changes_ = 0;
}

std::string Batch::take() {
  commit();
  text_.insert(last_begin_ + std::string_view("BEGIN;\n").size(), "SET LOCAL synchronous_commit = on;\n");
  changes_ = transactions_ = 0;
  return std::exchange(text_, {});
}

void Batch::clear() {
  inserts_.take();
  text_.clear();
  open_ = false;
  pending_changes_ = changes_ = transactions_ = 0;
}

Row ManyRowUpdate::row() {
  if (count_++ > 0) values_ += ',';
  return {values_, RowForm::values};
}

void ManyRowUpdate::run(Batch& batch) {
  if (count_ == 0) return;
  batch.run(head_ + " FROM (VALUES " + values_ + ") " + tail_, count_);
}

}  // namespace freshet::adshop
