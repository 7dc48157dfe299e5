// Where things are in the journal: partitions of streams, offsets, and the watermarks that say how far all of
// them are whole.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>

#include "base/strong.h"
#include "change/change.h"

namespace freshet::journal {

// The number of a record within its partition, from 0.
using Offset = Strong<struct OffsetTag, std::uint64_t>;

struct Partition {
  std::string stream;  // stream_name() of its table
  std::int32_t number = 0;

  friend auto operator<=>(const Partition&, const Partition&) = default;
};

// For each partition the offset after its last record. One that is absent stands at 0.
using Ends = std::map<Partition, Offset>;

// Everything that committed at or below `commit_lsn` is in the journal below `ends`, durably.
struct Watermark {
  std::string journal;  // the identity of the journal: positions of another one mean nothing here
  Generation generation;
  std::uint64_t number = 0;  // of this watermark in its journal, rising
  Epoch epoch = 0;
  Lsn commit_lsn;
  Micros committed_at =
      0;  // when the last transaction at or below commit_lsn committed, by the source's clock
  Ends ends;

  friend bool operator==(const Watermark&, const Watermark&) = default;
};

}  // namespace freshet::journal
