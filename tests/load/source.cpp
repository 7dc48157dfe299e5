#include "load/source.h"

#include <utility>

namespace freshet::test {
namespace {

constexpr Micros kEpoch = 1'700'000'000'000'000;

}  // namespace

Source::Source(const std::string& directory, std::uint64_t journal_limit)
    : directory_(directory), journal_limit_(journal_limit) {
  restart();
  for (const contract::StreamContract& contract : all_contracts()) {
    const std::string& table = contract.source.table;
    schemas_[table] = schema_of(table);
    rows_[table];
    kept_[table];
    history_[table][Lsn(0)] = {};
  }
}

void Source::restart() {
  writer_.reset();
  journal::EmbeddedOptions options;
  options.directory = directory_;
  if (journal_limit_ > 0) options.limit = journal_limit_;
  writer_ = journal::open_writer(options);
}

void Source::seed(const std::string& table, const Row& row) {
  rows_[table][row.id] = row;
}

void Source::insert(const std::string& table, const Row& row) {
  add(Op::insert, table, {}, tuple_of(row));
  rows_[table][row.id] = row;
  kept_[table].erase(row.id);
}

void Source::update(const std::string& table, const Row& row) {
  add(Op::update, table, {}, tuple_of(row));
  rows_[table][row.id] = completed(table, row.id, row);
}

void Source::move(const std::string& table, std::int64_t from, const Row& row) {
  add(Op::moved, table, key_tuple_of(from), tuple_of(row));
  add(Op::update, table, key_tuple_of(from), tuple_of(row), true);
  const Row whole = completed(table, from, row);
  rows_[table].erase(from);
  rows_[table][row.id] = whole;
  kept_[table].erase(row.id);
}

void Source::remove(const std::string& table, std::int64_t id) {
  add(Op::remove, table, key_tuple_of(id), {});
  kept_[table][id] = rows_[table].at(id);
  rows_[table].erase(id);
}

void Source::truncate(const std::string& table) {
  add(Op::truncate, table, {}, {});
  for (const auto& [id, row] : rows_[table]) kept_[table][id] = row;
  rows_[table].clear();
}

Row Source::completed(const std::string& table, std::int64_t from, Row row) const {
  if (row.doc == kUnchanged) row.doc = rows_.at(table).at(from).doc;
  return row;
}

void Source::add(Op op, const std::string& table, std::string old, std::string row, bool same_lsn) {
  if (!same_lsn) lsn_ = Lsn(lsn_.value() + 8);
  pending_.push_back({op, table, lsn_, std::move(old), std::move(row)});
}

Lsn Source::commit() {
  lsn_ = Lsn(lsn_.value() + 8);
  committed_ = lsn_;
  append(pending_, committed_);
  last_ = std::exchange(pending_, {});
  last_commit_ = committed_;
  for (const auto& [table, rows] : rows_) history_[table][committed_] = rows;
  return committed_;
}

// No load may read to that watermark: what its own generation put above it would stop the streams.
void Source::die_within() {
  append(std::span(pending_).first(pending_.size() / 2), Lsn(lsn_.value() + 8));
  writer_->seal(committed_, kEpoch + static_cast<Micros>(committed_.value()));
  restart();
  append(last_, last_commit_);
}

void Source::append(std::span<const Pending> changes, Lsn commit) {
  for (const Pending& change : changes)
    append(change.op, change.table, commit, change.lsn, 0, change.old, change.row);
}

const Rows& Source::rows_at(const std::string& table, Lsn commit) const {
  return std::prev(history_.at(table).upper_bound(commit))->second;
}

Lsn Source::begin_snapshot(const std::string& table, std::uint8_t flags) {
  lsn_ = Lsn(lsn_.value() + 8);
  committed_ = lsn_;
  append(Op::snapshot_begin, table, lsn_, Lsn(0), flags, {}, {});
  return lsn_;
}

void Source::snapshot_row(const std::string& table, Lsn v, const Row& row, std::uint8_t flags, Lsn shows) {
  append(Op::snapshot_row, table, v, shows, flags, {}, tuple_of(row));
}

void Source::snapshot_gone(const std::string& table, Lsn v, std::int64_t id) {
  append(Op::snapshot_gone, table, v, Lsn(0), 0, key_tuple_of(id), {});
}

void Source::end_snapshot(const std::string& table, Lsn v, std::uint8_t flags) {
  append(Op::snapshot_end, table, v, Lsn(0), flags, {}, {});
}

journal::Watermark Source::seal() {
  committed_ = lsn_ = Lsn(lsn_.value() + 8);
  return writer_->seal(committed_, kEpoch + static_cast<Micros>(committed_.value())).get();
}

void Source::append(Op op, const std::string& table, Lsn commit, Lsn change_lsn, std::uint8_t flags,
                    std::string_view old, std::string_view row) {
  Change change;
  change.op = op;
  change.flags = flags;
  change.commit_lsn = commit;
  change.change_lsn = change_lsn;
  change.committed_at = kEpoch + static_cast<Micros>(commit.value());
  change.schema = &schemas_.at(table);
  change.old = old;
  change.row = row;
  writer_->append(change);
}

}  // namespace freshet::test
