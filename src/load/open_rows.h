// OpenRows: the rows of a batch that lack values, filled from the batch, the mirror or an earlier attempt's
// record (fill.h says which), left to wait, or dropped. Lives during one flush. Load's thread.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "load/donors.h"
#include "load/fill.h"
#include "load/table_load.h"

namespace freshet::load {

// The key's values of a row, other columns NULL. What the row doesn't send again is in `old`.
std::string key_tuple(const Mirror& mirror, const TableSchema& schema, std::string_view row,
                      std::string_view old);

class TableLoad::OpenRows {
 public:
  explicit OpenRows(TableLoad& table) : table_(table) {}

  void resolve();

 private:
  // A record of the batch with its fields in the mirror's order; filled in where they are asked for.
  struct Source {
    std::size_t record;
    bool ours;  // not in its block yet
    std::vector<Field> fields;
  };

  void find_keys();
  void add_image(std::size_t index, bool ours);
  void drop(const Batch::Record& record);
  Image image_of(const Batch::Record& record, bool ours);
  void sort_images();
  void drop_unseen_of_ended_keys();
  void read_mirror();
  void apply(std::uint32_t image, const Filled& filled);
  void append(std::uint32_t image);
  void begin_waiting(std::uint32_t image);
  void end_waiting(std::uint32_t image);

  KeyId id_of(std::string key);
  const std::vector<Field>& fields_of(std::uint32_t image);
  Value pick(std::span<const Filled> filled, std::uint32_t image, std::size_t column);
  void note_last_resort(std::uint32_t image);
  Batch::Record record_of(std::uint32_t image) const { return table_.batch_[sources_[image].record]; }

  TableLoad& table_;
  std::unordered_map<std::string, KeyId> ids_;
  std::vector<const std::string*> keys_;  // by id
  std::vector<Image> images_;             // in the order of their versions
  std::vector<Source> sources_;           // of each image
  std::vector<std::size_t> missing_;      // columns that some row lacks
  std::vector<std::size_t> slot_;         // of each column in `missing_`
  HeldRows held_;
  Fills recorded_;
  Fills last_resorts_;
  std::vector<Filled> filled_;
  std::vector<Filled> relaxed_;  // as if no snapshot were running: for what may have to be kept
};

}  // namespace freshet::load
