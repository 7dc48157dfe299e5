#include "journal/embedded/embedded_writer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/cpu_step.h"
#include "base/nonce.h"
#include "journal/embedded/recovery.h"
#include "journal/embedded/watermark.h"
#include "journal/record.h"

namespace freshet::journal {
namespace {

// A stream's records go to the log as a block of about this size, or smaller at a seal.
constexpr std::size_t kBlockBytes = std::size_t{256} << 10;
// All open blocks together: with hundreds of busy streams blocks get smaller.
constexpr std::uint64_t kOpenBytesMax = std::uint64_t{32} << 20;
// The room that a block's buffer keeps between blocks.
constexpr std::size_t kKeptBufferMax = 2 * kBlockBytes;

// A journal consists of at least so many segments: the one in use can't be freed.
constexpr std::uint64_t kSegmentsMin = 8;

// Packing, writing, making durable.
const metrics::Counter& append_cpu() {
  static const auto counter = CpuStep::counter("append");
  return counter;
}

const Layout& make_folders(const Layout& layout) {
  files::make_directory(layout.directory());
  files::make_directory(layout.segments());
  files::make_directory(layout.held());
  return layout;
}

}  // namespace

EmbeddedWriter::EmbeddedWriter(const EmbeddedOptions& options)
    : options_(options),
      layout_(options.directory),
      lock_(make_folders(layout_).lock(), "the journal"),
      tail_(files::File::open_to_write(layout_.tail())),
      log_(layout_) {
  options_.segment_bytes = std::min(options_.segment_bytes, options_.limit / kSegmentsMin);
  open();
}

void EmbeddedWriter::open() {
  if (std::optional<Recovered> recovered = recover(layout_)) {
    state_ = std::move(recovered->state);
    log_.resume(recovered->end);
  } else {
    state_.journal = make_nonce();
    log_.begin(1, state_);
    log_.sync();
  }
  state_.generation = state_.generation.next();
  notes_ = state_.notes;
  epoch_ = state_.last ? state_.last->epoch : 0;
  for (std::uint32_t i = 1; i <= state_.catalog.size(); ++i) {
    const auto& schemas = state_.catalog.at(i).schemas;
    blocks_.push_back({.stream = i, .schema = schemas.empty() ? 0 : schemas.rbegin()->first});
  }
  retention_.emplace(options_, layout_, state_.catalog, state_.journal);
  durable_ = log_.end();
  retention_->run(log_.end(), durable_.segment);  // a full disk may have ended the last run
  mark_opening();
}

// A place that recovery may cut back to, as after a watermark.
void EmbeddedWriter::mark_opening() {
  log_.append({.kind = BlockKind::opening, .generation = state_.generation}, {});
  log_.sync();
  durable_ = log_.end();
  publish();
}

void EmbeddedWriter::set_epoch(Epoch epoch) {
  CHECK(epoch >= epoch_);
  if (epoch == epoch_) return;
  flush_all();
  epoch_ = epoch;
}

std::uint64_t EmbeddedWriter::room() {
  require_usable();
  if (retention_->run(log_.end(), durable_.segment)) publish();
  const std::uint64_t used = bytes() + open_bytes_;
  return used < options_.limit ? options_.limit - used : 0;
}

void EmbeddedWriter::append(const Change& change) {
  require_usable();
  OpenBlock& block = change.schema == recent_ ? *recent_block_ : block_of(*change.schema);
  const std::size_t size = record_size(change);
  if (block.raw.size() + size > kBodyMax) make_room(block, size);
  append_record(block.raw, change);
  block.lowest_commit =
      block.records == 0 ? change.commit_lsn : std::min(block.lowest_commit, change.commit_lsn);
  block.highest_commit = std::max(block.highest_commit, change.commit_lsn);
  ++block.records;
  open_bytes_ += size;
  if (block.raw.size() >= kBlockBytes) flush(block);
  if (open_bytes_ >= kOpenBytesMax) flush_all();
}

void EmbeddedWriter::make_room(OpenBlock& block, std::size_t size) {
  flush(block);
  if (size <= kBodyMax) return;
  failed_ = true;
  throw Error(ErrorKind::capacity,
              fmt::format("a change of {} has {} bytes; the journal takes up to {}",
                          state_.catalog.at(block.stream).partition.stream, size, kBodyMax));
}

EmbeddedWriter::OpenBlock& EmbeddedWriter::block_of(const TableSchema& schema) {
  OpenBlock*& known = by_address_[&schema];
  if (known == nullptr || known->address != &schema) {
    known = &stream_of(schema);
    announce(*known, schema);
  }
  recent_ = &schema;
  recent_block_ = known;
  return *known;
}

// Nothing is sealed after a failure: what is in the log then isn't known.
template <class Work>
auto EmbeddedWriter::or_fail(const Work& work) {
  try {
    return work();
  } catch (...) {
    failed_ = true;
    throw;
  }
}

EmbeddedWriter::OpenBlock& EmbeddedWriter::stream_of(const TableSchema& schema) {
  std::string name = stream_name(schema);
  if (const Catalog::Stream* known = state_.catalog.find(name)) return blocks_[known->number - 1];
  const BlockHeader header{.kind = BlockKind::stream,
                           .stream = static_cast<std::uint32_t>(state_.catalog.size() + 1),
                           .generation = state_.generation};
  put(header, name);
  return blocks_.emplace_back(OpenBlock{.stream = header.stream});
}

// The block's records are of this schema from now on.
void EmbeddedWriter::announce(OpenBlock& block, const TableSchema& schema) {
  block.address = &schema;
  Catalog::Stream& stream = state_.catalog.at(block.stream);
  if (block.schema != 0) {
    const TableSchema& in_use = stream.schemas.at(block.schema);
    if (in_use == schema) return;
    if (in_use.schema != schema.schema || in_use.table != schema.table)
      throw Error(ErrorKind::config,
                  fmt::format("the tables {}.{} and {}.{} have the same stream name", in_use.schema,
                              in_use.table, schema.schema, schema.table),
                  "leave one of them out of the publication, or rename it");
  }
  flush(block);
  ++block.schema;
  put({.kind = BlockKind::schema,
       .stream = block.stream,
       .schema = block.schema,
       .generation = state_.generation},
      encode_schema(schema));
  while (stream.schemas.size() > 1) stream.schemas.erase(stream.schemas.begin());
}

void EmbeddedWriter::put(const BlockHeader& header, std::string_view raw) {
  or_fail([&] { log_.append(header, raw); });
  state_.apply(header, raw);
}

void EmbeddedWriter::flush(OpenBlock& block) {
  if (block.records == 0) return;
  const CpuStep step(append_cpu());
  if (segment_full()) or_fail([&] { next_segment(); });
  put({.kind = BlockKind::data,
       .epoch = epoch_,
       .stream = block.stream,
       .schema = block.schema,
       .records = block.records,
       .generation = state_.generation,
       .first = state_.next[block.stream - 1],
       .lowest_commit = block.lowest_commit,
       .highest_commit = block.highest_commit},
      block.raw);
  open_bytes_ -= block.raw.size();
  if (block.raw.capacity() > kKeptBufferMax)
    block.raw = std::string();
  else
    block.raw.clear();
  block.records = 0;
  block.highest_commit = Lsn();
}

void EmbeddedWriter::flush_all() {
  for (OpenBlock& block : blocks_) flush(block);
}

void EmbeddedWriter::next_segment() {
  const Place finished = log_.end();
  log_.begin(finished.segment + 1, state_);
  retention_->next_segment(finished.byte, state_.next);
}

Durable<Watermark> EmbeddedWriter::seal(Lsn commit_lsn, Micros committed_at) {
  const CpuStep step(append_cpu());
  require_usable();
  CHECK(!state_.last || epoch_ > state_.last->epoch || commit_lsn >= state_.last->commit_lsn);
  flush_all();
  // From here on nothing begins another segment: what a seal says must be in one.
  if (notes_ != state_.notes) put({.kind = BlockKind::notes, .generation = state_.generation}, notes_);
  const std::uint64_t number = state_.last ? state_.last->number + 1 : 1;
  const Watermark watermark{state_.journal, state_.generation, number,       epoch_,
                            commit_lsn,     committed_at,      state_.ends()};
  put({.kind = BlockKind::watermark, .epoch = epoch_, .generation = state_.generation, .first = number},
      seal_body({log_.synced(), watermark}, state_.catalog));
  or_fail([&] {
    log_.sync();
    durable_ = log_.end();
    publish();
    if (!segment_full()) return;
    next_segment();
    mark_opening();  // so that retention may take the one that is full
  });
  by_address_.clear();
  recent_ = nullptr;
  for (OpenBlock& block : blocks_) block.address = nullptr;
  retention_->run(log_.end(), durable_.segment);
  return confirm(watermark);
}

void EmbeddedWriter::publish() {
  write_tail(tail_, {.journal = state_.journal,
                     .generation = state_.generation,
                     .end = durable_,
                     .watermark = state_.last ? state_.last->number : 0,
                     .bytes = bytes()});
}

void EmbeddedWriter::require_usable() const {
  if (failed_)
    throw Error(ErrorKind::transient, "the journal's writer failed before and is closed",
                "it goes on where it was when it is opened again");
}

std::unique_ptr<Writer> open_writer(const EmbeddedOptions& options) {
  return std::make_unique<EmbeddedWriter>(options);
}

}  // namespace freshet::journal
