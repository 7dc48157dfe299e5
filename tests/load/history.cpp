#include "load/history.h"

#include <fmt/format.h>

namespace freshet::test {
namespace {

constexpr int kKeys = 40;  // few, so that keys are met again

}  // namespace

void History::step() {
  if (reading_.empty() && chance(5)) return begin_snapshot();
  if (!reading_.empty() && chance(30)) return read_chunk();
  for (int left = 1 + pick(10); left > 0; --left) change(chance(50) ? "items" : "keeps");
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
    return source_.move(table, key, row);
  }
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

// Some keys as they are now: the stream has passed what they show. A key that is gone by now isn't found.
void History::read_chunk() {
  Reading& reading = reading_.front();
  for (int left = 1 + pick(15); left > 0 && !reading.left.empty(); --left) {
    const Rows& rows = source_.rows(reading.table);
    const auto row = rows.find(reading.left.back());
    reading.left.pop_back();
    if (row != rows.end()) source_.snapshot_row(reading.table, reading.v, row->second);
  }
  if (!reading.left.empty()) return;
  // What came under another key after the list of keys was made is read, too.
  for (const auto& [id, row] : source_.rows(reading.table))
    source_.snapshot_row(reading.table, reading.v, row);
  source_.end_snapshot(reading.table, reading.v, kSweep);
  reading_.clear();
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
  return row;
}

}  // namespace freshet::test
