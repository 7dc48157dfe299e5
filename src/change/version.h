// Version: the order of all states of a row. The greatest one is the current state, whatever arrives when.
//
//   epoch (8 bits) | commit LSN (56 bits) | change LSN (64 bits)
//
// The same at every re-decode of the same WAL. The commit LSN comes first because the change LSN alone isn't
// commit order: COPY writes its rows before it checks uniqueness, so the delete of an older row can carry a
// higher change LSN than the insert that replaces it. The epoch rises when the source's LSNs start anew (a
// promotion, a restore). A snapshot row taken from V on has version (V, 0): below every change that commits
// after V.
#pragma once

#include "base/check.h"
#include "base/int128.h"
#include "change/lsn.h"

namespace freshet {

using Epoch = std::uint8_t;

// 64 PiB of WAL: more than a database writes.
inline constexpr Lsn kCommitLsnMax{(std::uint64_t{1} << 56) - 1};

class Version {
 public:
  constexpr Version() = default;
  Version(Epoch epoch, Lsn commit, Lsn change)
      : bits_(UInt128{epoch} << 120 | UInt128{commit.value()} << 64 | change.value()) {
    CHECK(commit <= kCommitLsnMax);
  }
  constexpr explicit Version(UInt128 bits) : bits_(bits) {}

  constexpr UInt128 bits() const { return bits_; }
  constexpr Epoch epoch() const { return static_cast<Epoch>(bits_ >> 120); }
  constexpr Lsn commit() const {
    return Lsn(static_cast<std::uint64_t>(bits_ >> 64) & kCommitLsnMax.value());
  }
  constexpr Lsn change() const { return Lsn(static_cast<std::uint64_t>(bits_)); }

  friend constexpr auto operator<=>(Version, Version) = default;

 private:
  UInt128 bits_ = 0;
};

}  // namespace freshet
