// Change: one row-level event with its position, as capture writes it to the journal and load reads it.
#pragma once

#include <cstdint>
#include <string_view>

#include "change/lsn.h"
#include "change/schema.h"
#include "change/version.h"

namespace freshet {

// Counts the runs of capture against one journal: a higher one has superseded all lower ones.
using Generation = Strong<struct GenerationTag, std::uint64_t>;

enum class Op : std::uint8_t {
  insert = 1,
  update =
      2,  // `row` has all columns (some may be unchanged TOAST); `old` the old key or row where it was sent
  remove = 3,  // DELETE: `old` is the key, or the full row under REPLICA IDENTITY FULL
  moved = 4,  // an UPDATE changed the key: the old key is gone (`old`), and `row` is the new one; an `update`
              // of the new key follows with the same version. None of both when load finds the keys equal in
              // the mirror's form
  truncate = 5,        // everything at or below this version is gone
  snapshot_begin = 6,  // reading the table from `commit_lsn` = V on; rows below are (V, 0)
  snapshot_row = 7,
  snapshot_end =
      8,  // every chunk is in the stream above; `flags` say whether rows that no chunk confirmed are swept
  snapshot_gone = 9,  // a key that was asked for and isn't there: a tombstone of version (V, 0) for `old`
};

inline constexpr Op kFirstOp = Op::insert;
inline constexpr Op kLastOp = Op::snapshot_gone;

// Flags of snapshot_begin and snapshot_end.
inline constexpr std::uint8_t kSweep =
    1;  // afterwards rows older than V that no chunk confirmed get a tombstone
inline constexpr std::uint8_t kPeriodic = 2;  // a periodic table: only rows that differ are inserted
// Flag of a snapshot_begin: V is above every earlier record of the stream, so that whoever lacks some of
// those lacks nothing from here on.
inline constexpr std::uint8_t kFromHere = 8;
// Flag of a snapshot_row: asked for by its key. It shows whatever committed below `change_lsn`.
inline constexpr std::uint8_t kByKey = 4;

// Borrows everything it points to.
struct Change {
  Op op = Op::insert;
  std::uint8_t flags = 0;
  Epoch epoch = 0;
  Generation generation;
  Lsn commit_lsn;  // of the transaction; V for snapshot records
  Lsn change_lsn;  // of this row within it; 0 for snapshot records, but for rows read by their key
  std::uint32_t xid = 0;
  Micros committed_at = 0;
  const TableSchema* schema = nullptr;
  std::string_view
      old;  // a tuple over schema->columns (columns outside the key are NULL unless FULL), or empty
  std::string_view row;  // a tuple over schema->columns, or empty

  Version version() const { return Version(epoch, commit_lsn, from_snapshot() ? Lsn() : change_lsn); }
  bool from_snapshot() const { return op >= Op::snapshot_begin; }
};

}  // namespace freshet
