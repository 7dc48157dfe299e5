// The part of TableLoad that begins and ends snapshots of its table: what waits for their rows and comes up
// again with them, what is left of it at their end, and what of the mirror then goes.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/shell_word.h"
#include "load/open_rows.h"
#include "load/table_load.h"

namespace freshet::load {
namespace {

// Keys that wait at the end of a snapshot are looked at in portions of so many.
constexpr std::size_t kSettledAtOnce = 10'000;
// A single change may be as large as it is.
constexpr std::size_t kAnySize = ~std::size_t{0};

// Where more waits for them than may be read at once, in smaller ones.
std::size_t fewer_than(std::size_t keys) {
  return std::max<std::size_t>(keys / 4, 1);
}
std::size_t more_than(std::size_t keys) {
  return std::min(keys * 2, kSettledAtOnce);
}

Error too_much_waits(const Mirror& mirror, std::size_t bytes_max) {
  return {ErrorKind::unsupported,
          fmt::format("the changes that wait for one row of its snapshot have more than {} bytes", bytes_max),
          fmt::format("freshet snapshot {}: it is read anew, which makes what waits needless",
                      shell_word(mirror.stream))};
}

}  // namespace

void TableLoad::begin_snapshot(const Change& change) {
  flush();
  if (snapshot_end_) finish_snapshot();
  waiting_.forget_done(context_.session, context_.round);
  snapshots_.begin(context_.session, context_.round, change.version(), change.flags);
}

// Whoever lacks records reads all rows anew, those too that something waits for.
void TableLoad::abandon_snapshot(std::uint64_t cut) {
  snapshots_.abandon(context_.session, cut);
  waiting_.give_up(context_.session, cut);
}

void TableLoad::finish_snapshot() {
  if (!wait_for_inserts()) return;
  settle_waiting();
  if (stopped_) return;
  const Version v = snapshots_.version();
  const bool complete = snapshots_.finish(context_.session, {.round = context_.round,
                                                             .flags = snapshot_end_->flags,
                                                             .at = snapshot_end_->at,
                                                             .floor = floor_.at(),
                                                             .spared = spared_by(v)});
  snapshot_end_.reset();
  if (complete)
    settle(v);
  else
    settle_seen(v);
  report_unresolved();
}

// The keys that no sweep of a reading at `v` takes away, as a SELECT: what waits is alive.
std::string TableLoad::spared_by(Version v) const {
  return waiting_.keys_in_sql() + " UNION ALL " + quarantine_.spared_by(v);
}

// What has been waiting for one of the batch's keys is looked at again, together with it. False: it is more
// than may be read at once, and the batch can be parted.
bool TableLoad::recall_waiting() {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    const Batch::Record record = batch_[i];
    for (const std::string_view tuple : {record.row, record.old}) {
      if (tuple.empty()) continue;
      std::string key = key_or_form(record, tuple);
      if (waiting_.concerns(key)) keys.push_back(std::move(key));
    }
  }
  if (stopped_ || keys.empty() || !wait_for_inserts()) return true;
  return recall(keys, batch_.middle().has_value());
}

// False: too much of it waits, and there may be `fewer` keys at once.
bool TableLoad::recall(std::span<const std::string> keys, bool fewer) {
  const std::size_t bytes_max = fewer ? context_.fill_bytes_max : context_.session.answer_bytes_max();
  const auto waiting = waiting_.recall(context_.session, keys, held_schemas_, bytes_max);
  if (!waiting && !fewer) throw too_much_waits(mirror_, bytes_max);
  if (!waiting) return false;
  for (const HeldChange& entry : *waiting)
    batch_.append_waiting(entry.op, entry.version, entry.committed_at, *entry.schema, entry.old, entry.row);
  return true;
}

// Too much waits for its keys: one half after the other, as if the batch had been smaller.
void TableLoad::load_halves() {
  const Batch whole = std::exchange(batch_, Batch());
  const std::size_t middle = whole.middle().value();
  for (const auto& [from, to] : {std::pair(std::size_t{0}, middle), std::pair(middle, whole.size())}) {
    if (stopped_) return;
    forget_flush();
    batch_.append(whole, from, to);
    load_batch();
  }
}

// Whatever a removal ended while its row was never seen waits for nothing any more.
void TableLoad::settle_waiting() {
  settling_ = true;
  std::string after;
  for (std::size_t at_once = kSettledAtOnce; waiting_.any() && !stopped_;) {
    const std::vector<std::string> keys = waiting_.keys(context_.session, after, at_once);
    if (keys.empty()) break;
    if (!recall(keys, keys.size() > 1)) {
      at_once = fewer_than(keys.size());
      continue;
    }
    after = keys.back();
    at_once = more_than(at_once);
    flush();
    if (!wait_for_inserts()) break;
  }
  settling_ = false;
}

void TableLoad::report_unresolved() {
  if (!waiting_.any() || awaits_snapshot() || !context_.on_unresolved) return;
  std::string after;
  for (std::size_t at_once = kSettledAtOnce;;) {
    const auto first = waiting_.first_rows(context_.session, after, at_once, held_schemas_,
                                           at_once > 1 ? context_.fill_bytes_max : kAnySize);
    if (!first) {
      at_once = fewer_than(at_once);
      continue;
    }
    if (first->empty()) return;
    after = first->back().key;
    at_once = more_than(at_once);
    report_unresolved(*first);
  }
}

void TableLoad::report_unresolved(const std::vector<HeldChange>& changes) {
  std::map<const TableSchema*, UnresolvedKeys> by_shape;
  for (const HeldChange& change : changes) {
    const TableSchema* schema = change.schema;
    const auto [unresolved, added] =
        by_shape.try_emplace(schema, UnresolvedKeys{mirror_.stream, snapshots_.version().commit(), {}, {}});
    if (added) unresolved->second.schema = *schema;
    unresolved->second.keys.push_back(key_tuple(mirror_, *schema, change.row, change.old));
  }
  for (auto& [schema, unresolved] : by_shape) {
    log::warn("keys_wait_after_snapshot", {{"stream", mirror_.stream}, {"keys", unresolved.keys.size()}});
    context_.on_unresolved(std::move(unresolved));
  }
}

}  // namespace freshet::load
