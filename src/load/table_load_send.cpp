// The part of TableLoad that hands what a batch has become to the inserters, in the order in which it must be
// there: what a repeated round couldn't find again, lookups, rows, and last what that leaves behind.
#include <fmt/format.h>

#include "base/cpu_step.h"
#include "base/crash_point.h"
#include "load/table_load.h"

namespace freshet::load {

void TableLoad::send() {
  static const auto cpu = CpuStep::counter("block");
  const CpuStep step(cpu);
  Job job{index_, 0, {}};
  // What a repeated round couldn't find again is written down before it goes.
  if (!new_fills_.empty()) job.inserts.push_back(new_fills_.insert(mirror_, context_.round));
  if (!last_resorts_.empty()) job.inserts.push_back(last_resorts_.insert(mirror_, context_.round));
  if (!waiting_rows_.empty()) job.inserts.push_back(Waiting::insert(std::move(waiting_rows_)));
  if (std::string rows = quarantine_.take_added(); !rows.empty())
    job.inserts.push_back(Quarantine::insert(std::move(rows)));
  append_inserts(blocks_with_rows(), job);
  if (!done_rows_.empty()) job.inserts.push_back(Waiting::insert(std::move(done_rows_)));
  if (std::string rows = quarantine_.take_left(); !rows.empty())
    job.inserts.push_back(Quarantine::insert(std::move(rows)));
  if (job.inserts.empty()) return;
  const bool records_fills = !new_fills_.empty() || !last_resorts_.empty();
  context_.inserters.submit(std::move(job));
  // Jobs of one table overtake each other: none may replace what a fill was taken from before it is recorded.
  if (records_fills) wait_for_inserts();
}

// Rows that are filled by now, and nothing else of the batch, before more of them are. All must be there
// before the next are filled, so that these find what these have left of the mirror.
void TableLoad::send_filled() {
  Job job{index_, 0, {}};
  if (!new_fills_.empty()) job.inserts.push_back(new_fills_.insert(mirror_, context_.round));
  if (!last_resorts_.empty()) job.inserts.push_back(last_resorts_.insert(mirror_, context_.round));
  new_fills_.clear();
  last_resorts_.clear();
  append_inserts(filled_blocks(), job);
  for (const auto& [schema, shape] : shapes_) shape->filled.clear();
  context_.inserters.submit(std::move(job));
  if (wait_for_inserts()) crash_point("filled");
}

std::size_t TableLoad::filled_bytes() const {
  std::size_t bytes = new_fills_.bytes() + last_resorts_.bytes();
  for (const Block* block : filled_blocks()) bytes += block->bytes();
  return bytes;
}

std::vector<const Block*> TableLoad::filled_blocks() const {
  std::vector<const Block*> blocks;
  for (const auto& [schema, shape] : shapes_)
    if (shape->filled.rows() > 0) blocks.push_back(&shape->filled);
  return blocks;
}

std::vector<const Block*> TableLoad::blocks_with_rows() const {
  std::vector<const Block*> blocks = filled_blocks();
  for (const auto& [schema, shape] : shapes_)
    if (shape->block.rows() > 0) blocks.push_back(&shape->block);
  return blocks;
}

// A lookup may know more than the mirror, never less, so it comes first.
void TableLoad::append_inserts(std::span<const Block* const> blocks, Job& to) {
  if (blocks.empty()) return;
  std::size_t bytes = 0;
  for (const Block* block : blocks) bytes += block->bytes();
  context_.inserters.wait_for_room(bytes);
  for (std::size_t i = 0; i < mirror_.lookups.size() && !snapshots_.staging(); ++i) {
    const std::size_t column = mirror_.lookups[i];
    Insert insert{
        fmt::format("INSERT INTO {} ({}) FORMAT Native", mirror_.lookup(column), mirror_.lookup_list(column)),
        {}};
    for (const Block* block : blocks)
      if (block->lookup_rows(i) > 0) block->write_lookup(insert.body, i);
    if (!insert.body.empty()) to.inserts.push_back(std::move(insert));
  }
  Insert rows{
      fmt::format("INSERT INTO {} ({}) FORMAT Native",
                  snapshots_.staging() ? mirror_.staged() : mirror_.raw(), Block::insert_columns(mirror_)),
      {}};
  for (const Block* block : blocks) {
    to.rows += block->rows();
    nulled_ += block->nulled();
    block->write(rows.body, context_.round);
  }
  to.inserts.push_back(std::move(rows));
}

}  // namespace freshet::load
