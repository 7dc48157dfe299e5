// Batch: a table's changes between two flushes, as they came. They are kept undecoded until then, because a
// value that the stream didn't send may have to be taken from another change of the same batch. Load's
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "change/change.h"

namespace freshet::load {

class Batch {
 public:
  // Borrows from the batch: valid until it is cleared or appended to.
  struct Record {
    Op op;
    Version version;
    Micros committed_at;
    const TableSchema* schema;
    std::string_view old;
    std::string_view row;
    bool waited;              // it has been waiting for a value since an earlier batch
    bool replayed;            // it comes from quarantine
    std::uint32_t place = 0;  // of one that is replayed: within its portion
    Lsn shows = {};           // of a snapshot's row that was asked for by its key: commits below; else 0
  };

  void append(const Change& change) {
    append(change.op, change.version(), change.committed_at, *change.schema, change.old, change.row);
    if (change.op == Op::snapshot_row && (change.flags & kByKey) != 0)
      entries_.back().shows = change.change_lsn;
  }
  // A change that has been waiting. The schema must outlive the batch.
  void append_waiting(Op op, Version version, Micros committed_at, const TableSchema& schema,
                      std::string_view old, std::string_view row) {
    append(op, version, committed_at, schema, old, row);
    entries_.back().waited = true;
  }
  // One from quarantine, by its place in the portion. Likewise.
  void append_replayed(std::uint32_t place, Op op, Version version, Micros committed_at,
                       const TableSchema& schema, std::string_view old, std::string_view row) {
    append(op, version, committed_at, schema, old, row);
    entries_.back().replayed = true;
    entries_.back().place = place;
  }
  // Records [from, to) of another batch, as they are there.
  void append(const Batch& other, std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      Entry entry = other.entries_[i];
      bytes_.append(other.bytes_, entry.at, std::size_t{entry.old_size} + entry.row_size);
      entry.at = bytes_.size() - entry.old_size - entry.row_size;
      entries_.push_back(entry);
    }
  }

  Record operator[](std::size_t index) const {
    const Entry& entry = entries_[index];
    const char* from = bytes_.data() + entry.at;
    return {entry.op,     entry.version,          entry.committed_at,
            entry.schema, {from, entry.old_size}, {from + entry.old_size, entry.row_size},
            entry.waited, entry.replayed,         entry.place,
            entry.shows};
  }

  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  std::size_t bytes() const { return bytes_.size() + entries_.size() * sizeof(Entry); }
  // About where it may be parted in two; nothing: nowhere. The two records of a key change stay together.
  std::optional<std::size_t> middle() const {
    const std::size_t middle = size() / 2;
    for (std::size_t away = 0; away <= middle; ++away)
      for (const std::size_t at : {middle - away, middle + away})
        if (at > 0 && at < size() && entries_[at - 1].op != Op::moved) return at;
    return std::nullopt;
  }
  Version last_version() const { return entries_.back().version; }
  Op last_op() const { return entries_.back().op; }
  std::size_t capacity() const { return bytes_.capacity() + entries_.capacity() * sizeof(Entry); }
  void clear() {
    entries_.clear();
    bytes_.clear();
  }

 private:
  struct Entry {
    Version version;
    const TableSchema* schema;
    Micros committed_at;
    std::size_t at;
    std::uint32_t old_size;
    std::uint32_t row_size;
    Op op;
    bool waited = false;
    bool replayed = false;
    std::uint32_t place = 0;
    Lsn shows = {};
  };

  void append(Op op, Version version, Micros committed_at, const TableSchema& schema, std::string_view old,
              std::string_view row) {
    entries_.push_back({version, &schema, committed_at, bytes_.size(), static_cast<std::uint32_t>(old.size()),
                        static_cast<std::uint32_t>(row.size()), op});
    bytes_ += old;
    bytes_ += row;
  }

  std::string bytes_;
  std::vector<Entry> entries_;
};

}  // namespace freshet::load
