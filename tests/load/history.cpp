#include "load/history.h"

#include <fmt/format.h>

namespace freshet::test {
namespace {

constexpr int kKeys = 12;  // few, so that keys are met again

}  // namespace

void History::step() {
  if (snapshots_ && reading_.empty() && chance(15)) return begin_snapshot();
  if (!reading_.empty() && chance(30)) return read_chunk();
  for (int left = 1 + pick(10); left > 0; --left) change(chance(50) ? "items" : "keeps");
  source_.commit();
}

void History::step_that_dies() {
  for (int left = 2 + pick(10); left > 0; --left) change(chance(50) ? "items" : "keeps");
  source_.die_within();
  source_.commit();
}

void History::finish() {
  while (!reading_.empty()) read_chunk();
}

void History::change(const std::string& table) {
  const Rows& rows = source_.rows(table);
  if (chance(1)) return source_.truncate(table);
  if (rows.empty() || (rows.size() < kKeys && chance(35)))
    return source_.insert(table, random_row(free_key(rows)));
  const std::int64_t key = any_key(rows);
  Row row = random_row(key);
  if (rows.at(key).doc && chance(60)) row.doc = kUnchanged;
  if (chance(20)) return source_.remove(table, key);
  if (chance(20) && rows.size() < kKeys) {
    row.id = free_key(rows);
    note_unsent(table, row.id);
    return source_.move(table, key, row);
  }
  note_unsent(table, row.id);
  source_.update(table, row);
}

// As a later snapshot of a table that is streamed all the while.
void History::begin_snapshot() {
  Reading reading;
  reading.table = chance(50) ? "items" : "keeps";
  reading.v = source_.begin_snapshot(reading.table, kSweep);
  for (const auto& [id, row] : source_.rows(reading.table)) reading.left.push_back(id);
  reading_.push_back(std::move(reading));
}

// Some keys as they are now; they may come into the stream later. A key that is gone by now isn't found, and
// a row that came under another key after the list of keys was made only by luck: it may have moved behind
// the reader's back.
void History::read_chunk() {
  Reading& reading = reading_.front();
  const Rows& rows = source_.rows(reading.table);
  for (int left = 1 + pick(15); left > 0 && !reading.left.empty(); --left) {
    const auto row = rows.find(reading.left.back());
    reading.left.pop_back();
    if (row != rows.end()) reading.read.push_back(row->second);
  }
  if (chance(40)) bring(reading);
  if (!reading.left.empty()) return;
  for (const auto& [id, row] : rows)
    if (chance(30)) reading.read.push_back(row);
  bring(reading);
  source_.end_snapshot(reading.table, reading.v, kSweep);
  for (const std::int64_t id : reading.without_doc) {
    const auto row = rows.find(id);
    if (row != rows.end())
      source_.snapshot_row(reading.table, reading.v, row->second, kByKey, source_.insert_lsn());
    else
      source_.snapshot_gone(reading.table, reading.v, id);
  }
  reading_.clear();
}

void History::bring(Reading& reading) {
  for (const Row& row : reading.read) source_.snapshot_row(reading.table, reading.v, row);
  reading.read.clear();
}

void History::note_unsent(const std::string& table, std::int64_t id) {
  if (!reading_.empty() && reading_.front().table == table) reading_.front().without_doc.insert(id);
}

std::int64_t History::any_key(const Rows& rows) {
  return std::next(rows.begin(), pick(static_cast<int>(rows.size())))->first;
}

std::int64_t History::free_key(const Rows& rows) {
  for (;;) {
    const std::int64_t key = 1 + pick(2 * kKeys);
    if (!rows.contains(key)) return key;
  }
}

Row History::random_row(std::int64_t id) {
  Row row{id, fmt::format("name {}", pick(1000)), fmt::format("doc {}", pick(1'000'000)),
          fmt::format("{}.25", pick(100))};
  if (chance(10)) row.name.reset();
  if (chance(20)) row.doc.reset();
  if (unfit_ > 0 && chance(unfit_)) row.amount = "NaN";
  return row;
}

}  // namespace freshet::test
