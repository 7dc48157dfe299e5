#include "load/table_load.h"

#include <fmt/format.h>

#include <algorithm>

#include "adapter/clickhouse/quote.h"
#include "base/cpu_step.h"
#include "base/log.h"
#include "load/open_rows.h"
#include "load/row_binary.h"

namespace freshet::load {
namespace {

// A batch goes out at either limit, at the next change of another version: changes of one version (a key
// change is two) stay together.
constexpr std::size_t kBatchRows = 131'072;
constexpr std::size_t kBatchBytes = 16 << 20;
// Keys that wait at the end of a snapshot are looked at in portions of so many.
constexpr std::size_t kSettledAtOnce = 10'000;

bool concerns_table_alone(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::data:
    case ErrorKind::schema:
    case ErrorKind::config:
    case ErrorKind::unsupported: return true;
    case ErrorKind::transient:
    case ErrorKind::in_doubt:
    case ErrorKind::permission:
    case ErrorKind::identity:
    case ErrorKind::capacity:
    case ErrorKind::cancelled: return false;
  }
  return false;
}

}  // namespace

TableLoad::TableLoad(std::size_t index, Mirror mirror, TableContext& context)
    : index_(index), mirror_(std::move(mirror)), context_(context), snapshots_(mirror_), waiting_(mirror_) {}

template <class Step>
void TableLoad::alone(const Step& step) {
  if (stopped_) return;
  try {
    step();
  } catch (const Error& error) {
    if (!concerns_table_alone(error.kind())) throw;
    stop({Verdict::Action::stop_stream, mirror_.stream + ": " + error.message(), error.hint()});
  }
}

void TableLoad::restore(std::uint64_t cut) {
  snapshots_.load(context_.session, cut);
  waiting_.load(context_.session, cut);
  const std::string floor = context_.session.select(
      fmt::format("SELECT max(version) FROM freshet.floors WHERE table = {} AND round <= {} FORMAT RowBinary",
                  clickhouse::quote_literal(mirror_.name()), cut));
  ByteReader from(floor);
  floor_ = read_version(from);
}

void TableLoad::take(const Change& change) {
  alone([&] {
    switch (change.op) {
      case Op::truncate: take_truncate(change); return;
      case Op::snapshot_begin: begin_snapshot(change); return;
      case Op::snapshot_end:
        // Carried out when the round is read to its end: rows in other partitions count, too.
        flush();
        snapshot_end_ = SnapshotEnd{change.flags, change.committed_at};
        return;
      case Op::insert:
      case Op::update:
      case Op::remove:
      case Op::moved:
      case Op::snapshot_row:
      case Op::snapshot_gone: break;
    }
    const bool full = batch_.size() >= kBatchRows || batch_.bytes() >= kBatchBytes;
    if (full && batch_.last_version() != change.version()) flush();
    batch_.append(change);
  });
}

void TableLoad::take_truncate(const Change& change) {
  context_.session.execute(fmt::format("INSERT INTO freshet.floors (table, version, round) SELECT {}, {}, {}",
                                       clickhouse::quote_literal(mirror_.name()), to_sql(change.version()),
                                       context_.round));
  floor_ = std::max(floor_, change.version());
}

void TableLoad::begin_snapshot(const Change& change) {
  flush();
  if (snapshot_end_) finish_snapshot();
  waiting_.forget_done(context_.session, context_.round);
  snapshots_.begin(context_.session, context_.round, change.version(), change.flags);
}

void TableLoad::finish_snapshot() {
  if (!wait_for_inserts()) return;
  settle_waiting();
  if (stopped_) return;
  snapshots_.finish(context_.session, {.round = context_.round,
                                       .flags = snapshot_end_->flags,
                                       .at = snapshot_end_->at,
                                       .floor = floor_,
                                       .spared = waiting_.keys_in_sql()});
  snapshot_end_.reset();
  report_unresolved();
}

// Whatever a removal ended while its row was never seen waits for nothing any more.
void TableLoad::settle_waiting() {
  settling_ = true;
  std::string after;
  while (waiting_.any() && !stopped_) {
    const std::vector<std::string> keys = waiting_.keys(context_.session, after, kSettledAtOnce);
    if (keys.empty()) break;
    after = keys.back();
    recall(keys);
    flush();
    if (!wait_for_inserts()) break;
  }
  settling_ = false;
}

void TableLoad::report_unresolved() {
  if (!waiting_.any() || snapshots_.running() || snapshots_.none_yet() || !context_.on_unresolved) return;
  std::string after;
  for (;;) {
    const std::vector<std::string> keys = waiting_.keys(context_.session, after, kSettledAtOnce);
    if (keys.empty()) return;
    after = keys.back();
    std::map<const TableSchema*, UnresolvedKeys> by_shape;
    std::string last;
    for (Waiting::Entry& entry : waiting_.recall(context_.session, keys)) {
      if (entry.row.empty() || entry.key == last) continue;
      last = entry.key;
      const TableSchema* schema = adopt(std::move(entry.schema));
      const auto [unresolved, added] =
          by_shape.try_emplace(schema, UnresolvedKeys{mirror_.stream, snapshots_.version().commit(), {}, {}});
      if (added) unresolved->second.schema = *schema;
      unresolved->second.keys.push_back(key_tuple(mirror_, *schema, entry.row, entry.old));
    }
    for (auto& [schema, unresolved] : by_shape) {
      log::warn("keys_wait_after_snapshot", {{"stream", mirror_.stream}, {"keys", unresolved.keys.size()}});
      context_.on_unresolved(std::move(unresolved));
    }
  }
}

void TableLoad::end_round() {
  flush();
  if (snapshot_end_) alone([&] { finish_snapshot(); });
  // Of large batches the buffers go back; small ones are used again.
  std::erase_if(shapes_,
                [](const auto& shape) { return shape.second->block.capacity_hint() > kBatchBytes / 8; });
  last_shape_ = nullptr;
}

void TableLoad::stop(Verdict verdict) {
  if (stopped_) return;
  log::error("stream_stopped", {{"stream", mirror_.stream}, {"reason", verdict.reason}});
  stopped_ = std::move(verdict);
  forget_flush();
  snapshot_end_.reset();
}

void TableLoad::resume() {
  stopped_.reset();
  shapes_.clear();
  last_shape_ = nullptr;
}

bool TableLoad::wait_for_inserts() {
  const std::optional<Error> failure = context_.inserters.wait(index_);
  if (failure)
    stop({Verdict::Action::stop_stream, mirror_.stream + ": " + failure->message(), failure->hint()});
  return !failure;
}

// The main path of a table: from changes to inserts.
void TableLoad::flush() {
  alone([&] {
    if (batch_.empty()) return;
    if (waiting_.any() && !settling_) recall_waiting();
    decode();
    if (!stopped_ && !open_.empty() && wait_for_inserts()) OpenRows(*this).resolve();
    if (!stopped_) send();
  });
  forget_flush();
}

void TableLoad::forget_flush() {
  batch_.clear();
  open_.clear();
  new_fills_.clear();
  last_resorts_.clear();
  waiting_rows_.clear();
  done_rows_.clear();
  for (const auto& [schema, shape] : shapes_) shape->block.clear();
}

// What has been waiting for one of the batch's keys is looked at again, together with it.
void TableLoad::recall_waiting() {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    const Batch::Record record = batch_[i];
    for (const std::string_view tuple : {record.row, record.old}) {
      if (tuple.empty() || shape_of(*record.schema, record.version) == nullptr) continue;
      std::string key = key_of(record, tuple);
      if (waiting_.concerns(key)) keys.push_back(std::move(key));
    }
  }
  if (!stopped_ && !keys.empty() && wait_for_inserts()) recall(keys);
}

void TableLoad::recall(std::span<const std::string> keys) {
  for (Waiting::Entry& entry : waiting_.recall(context_.session, keys))
    batch_.append_waiting(entry.op, entry.version, entry.committed_at, *adopt(std::move(entry.schema)),
                          entry.old, entry.row);
}

const TableSchema* TableLoad::adopt(TableSchema schema) {
  const auto known = std::ranges::find(adopted_, schema);
  return known != adopted_.end() ? &*known : &adopted_.emplace_back(std::move(schema));
}

TableLoad::Shape* TableLoad::shape_of(const TableSchema& schema, Version at) {
  if (last_shape_ != nullptr && last_shape_->schema == &schema) return last_shape_;
  auto known = shapes_.find(&schema);
  if (known == shapes_.end()) {
    if (std::optional<Verdict> verdict = judge_shape(mirror_, schema, at)) {
      stop(std::move(*verdict));
      return nullptr;
    }
    known = shapes_
                .emplace(&schema, std::make_unique<Shape>(&schema, Block(mirror_, schema),
                                                          KeyEncoder(mirror_.contract, schema)))
                .first;
  }
  return last_shape_ = known->second.get();
}

// Rows that have all their values go straight into the blocks; their order there doesn't matter, the versions
// say it.
void TableLoad::decode() {
  static const auto cpu = CpuStep::counter("convert");
  const CpuStep step(cpu);
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    const Batch::Record record = batch_[i];
    Shape* shape = shape_of(*record.schema, record.version);
    if (shape == nullptr) return;
    const bool removal = record.row.empty() || record.op == Op::moved;
    const std::optional<Refusal> refusal =
        removal ? decode_removal(*shape, record) : decode_row(*shape, record);
    if (!refusal) continue;
    if (refusal->why != Unfit::unchanged) return stop(judge_value(mirror_, record, *refusal));
    open_.push_back(i);
  }
}

std::optional<Refusal> TableLoad::decode_row(Shape& shape, const Batch::Record& record) {
  return shape.block.append({record.version, 0, record.committed_at}, record.row);
}

std::optional<Refusal> TableLoad::decode_removal(Shape& shape, const Batch::Record& record) {
  if (record.op == Op::moved) {
    if (moved_nowhere(record)) return std::nullopt;
    const std::uint8_t deleted = mirror_.keeps() ? 2 : 1;
    return shape.block.append_tombstone({record.version, deleted, record.committed_at}, record.old);
  }
  const RowHead head{record.version, 1, record.committed_at};
  if (!mirror_.keeps()) return shape.block.append_tombstone(head, record.old);
  if (shape.schema->identity == ReplicaIdentity::full) return shape.block.append(head, record.old);
  return Refusal{0, Unfit::unchanged};  // its last values are elsewhere
}

std::string TableLoad::key_of(const Batch::Record& record, std::string_view tuple) {
  Shape* shape = shape_of(*record.schema, record.version);
  CHECK(shape != nullptr);
  std::string key;
  std::optional<Unfit> unfit = shape->keys.append_key(tuple, key);
  // A key stored out of line isn't sent again; the old tuple has it.
  if (unfit == Unfit::unchanged && !record.old.empty())
    unfit = shape->keys.append_key(key_tuple(mirror_, *record.schema, record.row, record.old), key);
  if (unfit)
    throw Error(ErrorKind::data,
                fmt::format("a key at {} {}", to_string(record.version.commit()), explain(*unfit)));
  return key;
}

bool TableLoad::moved_nowhere(const Batch::Record& record) {
  return key_of(record, record.old) == key_of(record, record.row);
}

void TableLoad::send() {
  static const auto cpu = CpuStep::counter("block");
  const CpuStep step(cpu);
  Job job{index_, 0, {}};
  for (const auto& [schema, shape] : shapes_) {
    job.rows += shape->block.rows();
    nulled_ += shape->block.nulled();
  }
  // A lookup may know more than the mirror, never less; and what a repeated round couldn't find again is
  // written down before it goes.
  if (!new_fills_.empty()) job.inserts.push_back(new_fills_.insert(mirror_, context_.round));
  if (!last_resorts_.empty()) job.inserts.push_back(last_resorts_.insert(mirror_, context_.round));
  if (!waiting_rows_.empty()) job.inserts.push_back(Waiting::insert(std::move(waiting_rows_)));
  if (!snapshots_.staging()) append_lookup_inserts(job.inserts);
  if (job.rows > 0)
    job.inserts.push_back(
        {fmt::format("INSERT INTO {} ({}) FORMAT Native",
                     snapshots_.staging() ? mirror_.staged() : mirror_.raw(), Block::insert_columns(mirror_)),
         raw_body()});
  if (!done_rows_.empty()) job.inserts.push_back(Waiting::insert(std::move(done_rows_)));
  if (job.inserts.empty()) return;
  const bool records_fills = !new_fills_.empty() || !last_resorts_.empty();
  context_.inserters.submit(std::move(job));
  // Jobs of one table overtake each other: none may replace what a fill was taken from before it is recorded.
  if (records_fills) wait_for_inserts();
}

std::string TableLoad::raw_body() const {
  std::string body;
  for (const auto& [schema, shape] : shapes_)
    if (shape->block.rows() > 0) shape->block.write(body, context_.round);
  return body;
}

void TableLoad::append_lookup_inserts(std::vector<Insert>& to) const {
  for (std::size_t i = 0; i < mirror_.lookups.size(); ++i) {
    const std::size_t column = mirror_.lookups[i];
    Insert insert{
        fmt::format("INSERT INTO {} ({}) FORMAT Native", mirror_.lookup(column), mirror_.lookup_list(column)),
        {}};
    for (const auto& [schema, shape] : shapes_)
      if (shape->block.lookup_rows(i) > 0) shape->block.write_lookup(insert.body, i);
    if (!insert.body.empty()) to.push_back(std::move(insert));
  }
}

}  // namespace freshet::load
