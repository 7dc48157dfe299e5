#include "capture/appender.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "capture/identity.h"
#include "capture/row_images.h"

namespace freshet::capture {

Appender::Appender(JournalPort journal, Relations& relations, std::string slot_generation, Lsn passed,
                   Micros passed_at)
    : journal_(journal),
      relations_(relations),
      slot_generation_(std::move(slot_generation)),
      passed_(passed),
      passed_at_(passed_at) {}

// What was appended of an unfinished transaction comes again, whole, with the same versions.
void Appender::restart(std::optional<HeartbeatNote> expected) {
  if (open_ && !known_) torn_ = std::max(torn_, commit_lsn_);
  open_ = false;
  expected_ = std::move(expected);
}

void Appender::apply(const Frame& frame) {
  apply(frame, pgoutput::Block::ordinary);
}

void Appender::apply(const Frame& frame, pgoutput::Block block) {
  change_lsn_ = frame.lsn;
  change_bytes_ = frame.message.size();
  std::visit([&](const auto& message) { on(message); }, pgoutput::decode(frame.message, block));
}

void Appender::begin(const pgoutput::StreamCommit& commit) {
  open(commit.commit_lsn, commit.committed_at, commit.xid);
}

bool Appender::apply_slice(SpooledTransaction& transaction, std::uint64_t bytes) {
  for (std::uint64_t applied = 0; applied < bytes;) {
    const auto frame = transaction.next();
    if (!frame) {
      close();
      return true;
    }
    apply(*frame, pgoutput::Block::streamed);
    applied += frame->message.size();
  }
  return false;
}

// A transaction's commit LSN is where its commit record begins: it may equal the end of what was sent.
void Appender::sent_below(Lsn lsn) {
  if (expected_ && lsn > expected_->commit_lsn) throw another_history(slot_generation_, *expected_, lsn);
  if (lsn > Lsn() && !open_) passed_ = std::max(passed_, Lsn(lsn.value() - 1));
}

void Appender::open(Lsn commit_lsn, Micros committed_at, pgoutput::Xid xid) {
  if (expected_ && commit_lsn != expected_->commit_lsn)
    throw another_history(slot_generation_, *expected_, commit_lsn);
  open_ = true;
  known_ = commit_lsn <= passed_;
  commit_lsn_ = commit_lsn;
  committed_at_ = committed_at;
  xid_ = xid;
  beat_.reset();
}

void Appender::close() {
  if (expected_) {
    if (!beat_ || beat_->nonce != expected_->nonce)
      throw another_history(slot_generation_, *expected_, commit_lsn_);
    expected_.reset();
  }
  if (beat_) heartbeat_ = {commit_lsn_, beat_->nonce};
  if (!known_) ++transactions_;
  passed_ = std::max(passed_, commit_lsn_);
  passed_at_ = committed_at_;
  open_ = false;
}

void Appender::on(const pgoutput::Begin& begin) {
  open(begin.commit_lsn, begin.committed_at, begin.xid);
}

void Appender::on(const pgoutput::Commit& commit) {
  if (!open_ || commit.commit_lsn != commit_lsn_)
    throw Error(ErrorKind::data, fmt::format("the stream ends a transaction at {} that it didn't begin",
                                             to_string(commit.commit_lsn)));
  close();
}

// Also within transactions that are known: it isn't sent again.
void Appender::on(const pgoutput::Relation& relation) {
  relations_.announce(relation);
}

void Appender::on(const pgoutput::Insert& insert) {
  const KnownRelation* relation = wanted(insert.relation);
  if (relation == nullptr) return;
  require_columns(*relation, insert.row);
  write(Op::insert, *relation, {}, insert.row.fields);
}

void Appender::on(const pgoutput::Update& update) {
  const KnownRelation* relation = wanted(update.relation);
  if (relation == nullptr) return;
  require_columns(*relation, update.row);
  const std::string_view old = update.old.fields;
  std::string_view row = update.row.fields;
  if (update.old_kind != pgoutput::OldTuple::none) {
    require_columns(*relation, update.old);
    if (update.old_kind == pgoutput::OldTuple::full) row = fill_unchanged(old, row, filled_);
    // A full old row without a known key may always have been another key's: load compares them.
    const bool same = relation->key.empty() ? old == row : same_key(old, row, relation->key);
    if (!same) write(Op::moved, *relation, old, row);
  }
  write(Op::update, *relation, old, row);
}

void Appender::on(const pgoutput::Delete& removal) {
  const KnownRelation* relation = wanted(removal.relation);
  if (relation == nullptr) return;
  require_columns(*relation, removal.old);
  write(Op::remove, *relation, removal.old.fields, {});
}

void Appender::on(const pgoutput::Truncate& truncate) {
  for (const pgoutput::Oid oid : truncate.relations) {
    if (const KnownRelation* relation = wanted(oid)) write(Op::truncate, *relation, {}, {});
  }
}

void Appender::on(const pgoutput::Message& message) {
  if (message.prefix != kSignalPrefix || !open_) return;
  const Signal signal = parse_signal(message.content);
  if (const auto* beat = std::get_if<Beat>(&signal)) on_beat(*beat);
  if (const auto* canary = std::get_if<Canary>(&signal)) on_canary(*canary);
  if (std::holds_alternative<Mark>(signal)) ++marks_;
}

template <class Unexpected>
void Appender::on(const Unexpected&) {
  throw Error(ErrorKind::data, "the stream has a message where it can't be");
}

void Appender::on_beat(const Beat& beat) {
  if (beat.slot_generation == slot_generation_) beat_ = beat;
}

void Appender::on_canary(const Canary& canary) {
  if (canary.slot_generation != slot_generation_ || known_) return;
  const std::string row = canary_row(canary);
  Change change = this->change(Op::insert, canary_schema());
  change.row = row;
  journal_.append(change);
  appended_bytes_ += row.size();
}

const KnownRelation* Appender::wanted(pgoutput::Oid oid) {
  if (known_) return nullptr;
  const KnownRelation& relation = relations_.find(oid);
  if (relation.wanted) return &relation;
  if (last_passed_over_ != oid) passed_over_.insert(last_passed_over_ = oid);
  return nullptr;
}

std::set<pgoutput::Oid> Appender::take_passed_over() {
  last_passed_over_ = 0;
  return std::exchange(passed_over_, {});
}

void Appender::require_columns(const KnownRelation& relation, const pgoutput::Tuple& tuple) const {
  if (tuple.columns == relation.schema.columns.size()) return;
  throw Error(
      ErrorKind::data,
      fmt::format("a row of {} at {} has {} columns, its relation was announced with {}", relation.stream,
                  to_string(change_lsn_), tuple.columns, relation.schema.columns.size()));
}

Change Appender::change(Op op, const TableSchema& schema) const {
  Change change;
  change.op = op;
  change.commit_lsn = commit_lsn_;
  change.change_lsn = change_lsn_;
  change.xid = xid_;
  change.committed_at = committed_at_;
  change.schema = &schema;
  return change;
}

void Appender::will_be_read(const std::string& stream) {
  CHECK(!open_);
  unread_.insert_or_assign(stream, Lsn(passed_.value() + 1));
}

void Appender::announce_snapshot(const KnownRelation& relation, Lsn above) {
  Change change = this->change(Op::snapshot_begin, relation.schema);
  change.flags = kSweep | kFromHere;
  change.commit_lsn = above;
  change.change_lsn = Lsn();
  journal_.append(change);
}

void Appender::write(Op op, const KnownRelation& relation, std::string_view old, std::string_view row) {
  CHECK(open_);
  if (const auto unread = unread_.find(relation.stream); unread != unread_.end()) {
    announce_snapshot(relation, unread->second);
    unread_.erase(unread);
  }
  Change change = this->change(op, relation.schema);
  change.old = old;
  change.row = row;
  journal_.append(change);
  appended_bytes_ += old.size() + row.size();
  if (op == Op::moved) return;  // one message, two records
  ++relation.count->rows;
  relation.count->bytes += change_bytes_;
}

// Whether no change of the stream came since its reading was asked for. A single partition's isn't that.
bool Appender::unread_before(const FinishedChunk& chunk) {
  return (chunk.flags & kSweep) != 0 && unread_.erase(chunk.stream) > 0;
}

void Appender::append(FinishedChunk& chunk) {
  CHECK(!open_);
  Change change;
  change.flags = chunk.flags;
  change.commit_lsn = chunk.v;
  change.change_lsn = chunk.shows;
  change.committed_at = passed_at_;
  change.schema = chunk.schema.get();
  const auto put = [&](Op op) {
    change.op = op;
    journal_.append(change);
    appended_bytes_ += change.row.size() + change.old.size();
  };
  if (chunk.first) {
    if (unread_before(chunk)) change.flags |= kFromHere;
    put(Op::snapshot_begin);
    change.flags = chunk.flags;
  }
  while (chunk.rows.next(change.row)) put(Op::snapshot_row);
  change.row = {};
  for (const std::string& key : chunk.gone) {
    change.old = key;
    put(Op::snapshot_gone);
  }
  change.old = {};
  if (chunk.last) put(Op::snapshot_end);
}

}  // namespace freshet::capture
