// OpenRows: the rows of a batch that lack values, filled from the batch, the mirror or an earlier attempt's
// record (fill.h says which), left to wait, or dropped. Lives during one flush. Load's thread.
//
// A batch of small changes may lack gigabytes. So the rows are filled in the order of their versions, and
// whenever as many bytes have gathered as TableContext::fill_bytes_max allows, they are sent and waited for
// before more is read. What goes first then looks to the rest, as to a round done again, like what an earlier
// attempt has left: it is in the mirror, and what it took from another key is recorded. Rows of the batch
// that lack nothing go last, because among them are the ends of keys that others are filled from.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "load/donors.h"
#include "load/fill.h"
#include "load/table_load.h"

namespace freshet::load {

// Whether a removal comes with all of the row that it takes; one that a reading by keys finds has only the
// key, whatever the replica identity.
inline bool sends_last_values(const Batch::Record& record) {
  return record.schema->identity == ReplicaIdentity::full && record.op != Op::snapshot_gone;
}

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
  void drop(std::size_t index);
  Image image_of(const Batch::Record& record, bool ours);
  void sort_images();
  void drop_unseen_of_ended_keys();
  // Where every image's values come from.
  struct Plan {
    std::vector<Filled> filled;
    // By image and missing column: the image that sent the value, or that takes it from outside the batch.
    std::vector<std::uint32_t> origins;
  };
  // What the images [from, to) take from outside the batch.
  struct Wanted {
    std::uint32_t to;
    std::set<std::uint32_t> held;
    std::set<Fills::Of> taken;
    std::set<Fills::Of> last_resorts;
    bool several = false;  // changes need them, not one alone
    std::size_t count() const { return held.size() + taken.size() + last_resorts.size(); }
  };

  void plan();
  void read_mirror();
  void trace(Plan& plan);
  std::uint32_t fetch(std::uint32_t from);
  Fetched fetch(const Wanted& wanted, std::size_t bytes_max);
  Wanted wanted_from(std::uint32_t from);
  void add_wanted(Wanted& wanted, const Plan& plan, std::uint32_t image);
  // Changes of one version stay together.
  bool begins_version(std::uint32_t image) const {
    return image == 0 || images_[image].version != images_[image - 1].version;
  }
  void apply(std::uint32_t image, const Filled& filled);
  void append(std::uint32_t image);
  bool comes_again(std::uint32_t image) const;
  void begin_waiting(std::uint32_t image);
  void end_waiting(std::uint32_t image);

  KeyId id_of(std::string key);
  const std::vector<Field>& fields_of(std::uint32_t image);
  Value pick(const Plan& plan, std::uint32_t image, std::size_t column);
  Fills::Of name_of(std::uint32_t image) const {
    return {*keys_[images_[image].key], images_[image].version};
  }
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
  Plan plan_;
  Plan relaxed_;  // as if no snapshot were running: for what may have to be kept
};

}  // namespace freshet::load
