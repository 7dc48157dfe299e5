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

// A batch goes out at any limit, at the next change of another version: changes of one version (a key
// change is two) stay together.
constexpr std::size_t kBatchRows = 131'072;
constexpr std::size_t kBatchBytes = 16 << 20;
constexpr std::size_t kBatchCells = 4 << 20;  // a NULL is a byte here, and up to 32 of them in its block

// The columns that tell the source's rows apart, where the stream lacks the contract's key; the others NULL.
std::string identity_tuple(const TableSchema& schema, std::string_view tuple) {
  std::string identity;
  TupleReader from(tuple);
  for (const Column& column : schema.columns) {
    const Field field = from.next();
    append_field(identity, column.key ? field : Field{});
  }
  return identity;
}

bool has_key_of(const Mirror& mirror, const TableSchema& schema) {
  return std::ranges::all_of(mirror.key, [&](std::size_t key) {
    return std::ranges::find(schema.columns, mirror.columns[key].name, &Column::name) != schema.columns.end();
  });
}

// Its replica identity is the contract's key: so each of its changes says which key it concerns.
bool tells_keys_of(const Mirror& mirror, const TableSchema& schema) {
  const auto in_identity = [](const Column& column) { return column.key; };
  const auto of_identity = std::ranges::count_if(schema.columns, in_identity);
  const bool full = schema.identity == ReplicaIdentity::full;
  return (full || of_identity == std::ssize(mirror.key)) &&
         std::ranges::all_of(mirror.key, [&](std::size_t key) {
           const auto found = std::ranges::find(schema.columns, mirror.columns[key].name, &Column::name);
           return found != schema.columns.end() && found->key;
         });
}

std::optional<KeyEncoder> encoder_for(const Mirror& mirror, const TableSchema& schema) try {
  if (!tells_keys_of(mirror, schema)) return std::nullopt;
  return std::optional<KeyEncoder>(std::in_place, mirror.contract, schema);
} catch (const Error&) {  // its key is of another type
  return std::nullopt;
}

SweepLimits sweep_limits(const Mirror& mirror, SweepLimits otherwise) {
  otherwise.ask_above = mirror.contract.sweep_ask_above.value_or(otherwise.ask_above);
  return otherwise;
}

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
    : index_(index),
      mirror_(std::move(mirror)),
      context_(context),
      snapshots_(mirror_, context.walk_rows, sweep_limits(mirror_, context.sweep)),
      waiting_(mirror_),
      quarantine_(mirror_, context.replay_rows),
      floor_(mirror_),
      donors_at_once_(kBatchRows) {}

template <class Step>
void TableLoad::alone(const Step& step) {
  if (stopped_) return;
  try {
    step();
  } catch (const Error& error) {
    if (!concerns_table_alone(error.kind())) throw;
    stop({mirror_.stream + ": " + error.message(), error.hint()});
  }
}

void TableLoad::restore(std::uint64_t cut) {
  snapshots_.load(context_.session, cut);
  waiting_.load(context_.session, cut);
  quarantine_.load(context_.session, cut);
  want_replay();  // the contract may have been mended, or a replay that was wanted before never came
  floor_.load(context_.session, cut);
}

void TableLoad::restore(std::uint64_t cut, const Books& books) {
  const auto in = [&](std::string_view book) { return books.mention(book, mirror_.name()); };
  if (in("snapshots")) snapshots_.load(context_.session, cut);
  if (in("waiting")) waiting_.load(context_.session, cut);
  if (in("quarantine")) quarantine_.load(context_.session, cut);
  want_replay();
  if (in("floors")) floor_.load(context_.session, cut);
}

void TableLoad::take(const Change& change) {
  alone([&] {
    switch (change.op) {
      case Op::truncate: floor_.raise(change.version()); return;
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
    if (change.from_snapshot() && (change.flags & kByKey) != 0)
      snapshots_.note_reading(context_.session, context_.round);
    if (full_for(change) && batch_.last_version() != change.version()) flush();
    batch_.append(change);
  });
}

bool TableLoad::full_for(const Change& change) const {
  if (batch_.empty()) return false;
  return batch_.size() >= kBatchRows || batch_.size() * mirror_.columns.size() >= kBatchCells ||
         batch_.bytes() + change.old.size() + change.row.size() > kBatchBytes;
}

void TableLoad::end_round() {
  flush();
  if (snapshot_end_) alone([&] { finish_snapshot(); });
  // Of large batches the buffers go back; small ones are used again.
  if (kept_bytes() > kBatchBytes / 4) release_buffers();
}

std::size_t TableLoad::kept_bytes() const {
  std::size_t bytes = batch_.capacity();
  for (const auto& [schema, shape] : shapes_)
    bytes += shape->block.capacity_hint() + shape->filled.capacity_hint();
  return bytes;
}

void TableLoad::release_buffers() {
  if (!batch_.empty()) return;
  batch_ = Batch();
  shapes_.clear();
  last_shape_ = nullptr;
}

void TableLoad::publish_floor() {
  alone([&] {
    if (!floor_.publish(context_.session, context_.round)) return;
    if (!mirror_.keeps()) settle(floor_.at());
    snapshots_.sweep().end_below(context_.session, floor_.at(), context_.round);
  });
}

// Something newer has all of what waits below: a snapshot, or a TRUNCATE. What is left may fit now.
void TableLoad::settle(Version below) {
  if (!quarantine_.any()) return;
  quarantine_.settle_below(context_.session, below, floor_.at(), context_.round);
  want_replay();
}

// Some rows have come anew, and whether the others go isn't known, or not yet.
void TableLoad::settle_seen(Version from) {
  if (!quarantine_.any()) return;
  quarantine_.settle_seen(context_.session, from, floor_.at(), context_.round);
  want_replay();
}

void TableLoad::replay() {
  if (!replay_wanted()) return;
  alone([&] {
    read_until_ = snapshots_.read_until(context_.session);
    if (!quarantine_.replaying()) {
      replay_wanted_ = false;
      quarantine_.begin_replay();
    }
    std::uint32_t place = 0;
    for (const HeldChange& change : quarantine_.next_portion(context_.session, held_schemas_))
      batch_.append_replayed(place++, change.op, change.version, change.committed_at, *change.schema,
                             change.old, change.row);
    flush();
    if (!stopped_ && wait_for_inserts() && quarantine_.replayed_all())
      quarantine_.end_replay(context_.session);
  });
}

std::uint64_t TableLoad::drop_quarantined(const Quarantine::Drop& drop, std::uint64_t round) {
  const std::uint64_t dropped = quarantine_.drop(context_.session, drop, round);
  want_replay();
  return dropped;
}

void TableLoad::answer_sweep(const SweepAnswer& answer, std::uint64_t round) {
  snapshots_.sweep().answer(context_.session, answer, round);
}

// What was replayed from below the reading goes with the rest.
void TableLoad::carry_out_sweep() {
  if (stopped_ || !sweep().allowed() || !wait_for_inserts()) return;
  alone([&] {
    const Version v = sweep().question()->version;
    snapshots_.sweep().carry_out(context_.session, floor_.at(), spared_by(v), context_.round);
    settle(v);
  });
}

void TableLoad::stop(Verdict verdict) {
  if (stopped_) return;
  log::error("stream_stopped", {{"stream", mirror_.stream}, {"reason", verdict.reason}});
  stopped_ = std::move(verdict);
  forget_flush();
  settling_ = false;
  snapshot_end_.reset();
}

void TableLoad::resume() {
  stopped_.reset();
  shapes_.clear();
  refused_shapes_.clear();
  last_shape_ = nullptr;
}

bool TableLoad::wait_for_inserts() {
  const std::optional<Error> failure = context_.inserters.wait(index_);
  if (failure) stop({mirror_.stream + ": " + failure->message(), failure->hint()});
  return !failure;
}

// The main path of a table: from changes to inserts.
void TableLoad::flush() {
  alone([&] {
    if (!batch_.empty()) load_batch();
  });
  quarantine_.forget_portion();
  forget_flush();
}

void TableLoad::load_batch() {
  if (waiting_.any() && !settling_ && !recall_waiting()) return load_halves();
  decode();
  if (!stopped_ && !open_.empty() && wait_for_inserts()) OpenRows(*this).resolve();
  if (!stopped_) send();
}

void TableLoad::forget_flush() {
  batch_.clear();
  open_.clear();
  aside_.clear();
  quarantine_.forget_rows();
  new_fills_.clear();
  last_resorts_.clear();
  waiting_rows_.clear();
  done_rows_.clear();
  for (const auto& [schema, shape] : shapes_) {
    shape->block.clear();
    shape->filled.clear();
  }
}

TableLoad::Shape* TableLoad::shape_of(const TableSchema& schema, Version at) {
  if (last_shape_ != nullptr && last_shape_->schema == &schema) return last_shape_;
  auto known = shapes_.find(&schema);
  if (known == shapes_.end()) {
    if (refused_shapes_.contains(&schema)) return nullptr;
    if (std::optional<Verdict> verdict = judge_shape(mirror_, schema, at)) {
      refused_shapes_.emplace(&schema, RefusedShape{std::move(*verdict), encoder_for(mirror_, schema)});
      return nullptr;
    }
    known =
        shapes_
            .emplace(&schema, std::make_unique<Shape>(&schema, Block(mirror_, schema), Block(mirror_, schema),
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
  for (std::size_t i = 0; i < batch_.size() && !stopped_; ++i) {
    const Batch::Record record = batch_[i];
    if (record.op == Op::moved && moved_nowhere(record)) {
      if (record.replayed) quarantine_.leaves(record, Outcome::loaded, context_.round);
      continue;
    }
    Shape* shape = shape_of(*record.schema, record.version);
    if (shape == nullptr) {
      refuse_shape(i, record);
      continue;
    }
    if (quarantine_.any() && waits_behind(i, record)) continue;
    const std::optional<Refusal> refusal = decode(*shape, record);
    if (refusal && refusal->why == Unfit::unchanged)
      open_.push_back(i);
    else if (refusal)
      refuse(i, judge_value(mirror_, record, *refusal));
    else if (record.replayed)
      quarantine_.leaves(record, Outcome::loaded, context_.round);
  }
}

std::optional<Refusal> TableLoad::decode(Shape& shape, const Batch::Record& record) {
  const bool removal = record.row.empty() || record.op == Op::moved;
  return removal ? decode_removal(shape, record) : decode_row(shape, record);
}

// A reading whose rows can't be told by their keys ends with no sweep: it would take all of them away. What
// is replayed may be older than the contract: then the others go on without it.
void TableLoad::refuse_shape(std::size_t index, const Batch::Record& record) {
  const RefusedShape& shape = refused_shapes_.at(record.schema);
  const bool read = record.op == Op::snapshot_row || record.op == Op::snapshot_gone;
  if (record.replayed) return refuse(index, judge_older(mirror_, shape.verdict, shape.keys.has_value()));
  if (read) return stop(shape.verdict);
  refuse(index, shape.verdict);
}

void TableLoad::refuse(std::size_t index, Verdict verdict) {
  if (mirror_.contract.on_violation == contract::OnViolation::halt) return stop(std::move(verdict));
  set_aside(index, batch_[index], {std::move(verdict.reason), std::move(verdict.hint), verdict.of_stream});
}

// What a snapshot read waits behind nothing: it is newer than what waits below it. A change that waits for
// its row of one is older than what has come into quarantine since.
bool TableLoad::waits_behind(std::size_t index, const Batch::Record& record) {
  if (record.waited || record.op == Op::snapshot_row || record.op == Op::snapshot_gone) return false;
  const Keys keys = keys_of(record);
  if (!quarantine_.holds(keys.own, record.replayed) && !quarantine_.holds(keys.other, record.replayed))
    return false;
  set_aside(index, record, {});
  return true;
}

void TableLoad::set_aside(std::size_t index, const Batch::Record& record, Cause cause) {
  const Keys keys = keys_of(record);
  if (!quarantine_.any() && !cause.reason.empty())
    log::warn("quarantine_began", {{"stream", mirror_.stream}, {"reason", cause.reason}});
  if (record.replayed)
    quarantine_.keep(keys.own, keys.other, record, std::move(cause), context_.round);
  else
    quarantine_.add(keys.own, keys.other, record, std::move(cause), context_.round);
  if (record.waited) leave_waiting(record, keys.own);
  aside_.resize(batch_.size());
  aside_[index] = true;
  if (quarantine_.added_bytes() >= kBatchBytes) send_aside();
  if (quarantine_.bytes() <= context_.quarantine_bytes_max) return;
  stop({fmt::format("{}: its quarantine holds {} bytes, the most that it may: {}", mirror_.stream,
                    quarantine_.bytes(), quarantine_.first_cause().reason),
        quarantine_.first_cause().hint});
}

// Each has its schema and its reason with it: those of a whole batch may be many times the batch.
void TableLoad::send_aside() {
  Job job{index_, 0, {}};
  job.inserts.push_back(Quarantine::insert(quarantine_.take_added()));
  context_.inserters.submit(std::move(job));
}

void TableLoad::leave_waiting(const Batch::Record& record, std::string_view key) {
  Waiting::append_row(done_rows_, mirror_, key, {}, record, context_.round, true);
  waiting_.ends();
}

std::optional<Refusal> TableLoad::decode_row(Shape& shape, const Batch::Record& record) {
  return shape.block.append({record.version, 0, record.committed_at}, record.row);
}

std::optional<Refusal> TableLoad::decode_removal(Shape& shape, const Batch::Record& record) {
  if (record.op == Op::moved) {
    // Both halves of a key change go, or neither.
    if (const std::optional<Refusal> refusal = shape.block.examine(record.row)) return refusal;
    const std::uint8_t deleted = mirror_.keeps() ? 2 : 1;
    return shape.block.append_tombstone({record.version, deleted, record.committed_at}, record.old);
  }
  const RowHead head{record.version, 1, record.committed_at};
  if (!mirror_.keeps()) return shape.block.append_tombstone(head, record.old);
  if (sends_last_values(record)) return shape.block.append(head, record.old);
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

KeyEncoder* TableLoad::encoder_of(const Batch::Record& record) {
  if (Shape* shape = shape_of(*record.schema, record.version)) return &shape->keys;
  std::optional<KeyEncoder>& keys = refused_shapes_.at(record.schema).keys;
  return keys ? &*keys : nullptr;
}

// Of a key that has no place in the mirror: its fields as they came, which no key in the mirror's form is
// equal to.
std::string TableLoad::key_or_form(const Batch::Record& record, std::string_view tuple) {
  if (!has_key_of(mirror_, *record.schema)) return "\xff" + identity_tuple(*record.schema, tuple);
  KeyEncoder* keys = encoder_of(record);
  const std::string whole = key_tuple(mirror_, *record.schema, tuple, record.old);
  std::string key;
  if (keys != nullptr && !keys->append_key(whole, key)) return key;
  return "\xff" + whole;
}

TableLoad::Keys TableLoad::keys_of(const Batch::Record& record) {
  const bool gone = record.row.empty() || record.op == Op::moved;
  Keys keys{key_or_form(record, gone ? record.old : record.row), {}};
  if (record.op == Op::moved)
    keys.other = key_or_form(record, record.row);
  else if (!gone && !record.old.empty())
    keys.other = key_or_form(record, record.old);
  else
    keys.other = keys.own;
  return keys;
}

bool TableLoad::moved_nowhere(const Batch::Record& record) {
  const Keys keys = keys_of(record);
  return keys.own == keys.other;
}

}  // namespace freshet::load
