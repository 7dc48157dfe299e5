// Filling: where a row takes the values that the stream didn't send (unchanged TOAST, or all of them for a
// delete that keeps the last values). Pure: the caller brings the images of a batch and what the mirror holds
// of their keys. Load's thread.
//
// A missing value comes from the last state of the same key (of the old key on a key change) at or below the
// row's own version: earlier in the batch, else in the mirror. So a round done again gives the same rows.
// Where the mirror holds only a higher version, the row is superseded already and nothing needs filling.
//
// A snapshot's row has the version (V, 0) and shows its key as it was when its chunk was read, some time
// between V and the changes before it in the stream. For its own key that does no harm: had the value been
// sent after V, it would be taken from there. But another row may have taken the key by then, so what moved
// away from the key takes the row's values only while nothing of the key is newer.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "change/version.h"

namespace freshet::load {

using KeyId = std::uint32_t;  // of a key within one batch

// For Image::donors_from: the table's first snapshot has yet to begin.
inline constexpr Version kAnyVersion{UInt128{1}};

// One state of one key that a change writes.
struct Image {
  KeyId key = 0;
  KeyId donor = 0;  // whose earlier state has the missing values: the old key on a key change, else `key`
  Version version = {};
  // While the table is snapshotted, states below (V, 0) give nothing: changes between may never have been
  // seen. Then a row without a donor waits; otherwise (0) it is missing.
  Version donors_from = {};
  bool after_reading = false;  // no row of a snapshot shows anything as late as this
  bool open = false;           // values are missing
  bool blank = false;          // a tombstone: a key without values, gives none
  bool unseen_ok = false;      // a removal: where no state was ever seen there is nothing to keep
  Lsn shows = {};              // a snapshot's row, read by its key after whatever committed below; else 0
  std::optional<std::uint32_t> recorded = {};  // in freshet.fills, by an earlier attempt at this round
};

// A row of the mirror.
struct Held {
  KeyId key = 0;
  Version version = {};
  bool blank = false;
};

enum class Filling : std::uint8_t {
  complete,    // nothing was missing
  batch,       // from image `donor` of the batch
  mirror,      // from row `donor` of the mirror
  recorded,    // from the recorded fill `donor`
  superseded,  // a higher version is there: drop it
  waits,       // for its key's row of the snapshot
  unseen,      // a removal of a row that was never seen: drop it
  missing,     // no donor where there must be one
};

struct Filled {
  Filling filling = Filling::complete;
  std::uint32_t donor = 0;
};

// One per image, in their order. `images` in the order of their versions.
std::vector<Filled> fill(std::span<const Image> images, std::span<const Held> mirror);

}  // namespace freshet::load
