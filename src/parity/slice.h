// Parts of a window, told by the hash of the key: so that two sides are compared by sums instead of every
// row, and only what differs is listed.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

namespace freshet::parity {

// Keys' hashes have 60 bits, so that they fit PostgreSQL's bigint.
inline constexpr std::uint64_t kHashes = std::uint64_t{1} << 60;

// The keys whose hash modulo `modulus` is one of `residues`. With kHashes as modulus: single keys.
struct Slice {
  std::uint64_t modulus = 1;
  std::vector<std::uint64_t> residues;

  bool whole() const { return modulus == 1; }
};
inline const Slice kWholeWindow{1, {0}};

// Of any set of rows: how many, and the sums (modulo 2^64) of two halves of their MD5s, which no order
// changes and a row that is there twice does.
struct Tally {
  std::uint64_t rows = 0;
  std::uint64_t first_half = 0;
  std::uint64_t second_half = 0;

  friend bool operator==(const Tally&, const Tally&) = default;
};

// By residue, for some modulus.
using Sums = std::map<std::uint64_t, Tally>;

// A slice whose two sides weren't seen equal, and how many rows the side with more of them has.
struct Suspects {
  Slice slice;
  std::vector<std::uint64_t> rows;  // per residue
  std::uint64_t rows_total = 0;

  void add(std::uint64_t residue, std::uint64_t rows_of_it);
};

// Where both differ.
Suspects differing(std::uint64_t modulus, const Sums& source, const Sums& mirror);

// Single keys.
Suspects single_keys(std::vector<std::uint64_t> hashes);

// In portions of at most so many rows (or one residue) and residues.
std::vector<Suspects> portions(const Suspects& suspects, std::uint64_t rows_max, std::size_t residues_max);

}  // namespace freshet::parity
