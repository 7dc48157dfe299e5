#include "parity/slice.h"

#include <algorithm>

namespace freshet::parity {

void Suspects::add(std::uint64_t residue, std::uint64_t rows_of_it) {
  slice.residues.push_back(residue);
  rows.push_back(rows_of_it);
  rows_total += rows_of_it;
}

Suspects differing(std::uint64_t modulus, const Sums& source, const Sums& mirror) {
  Suspects suspects;
  suspects.slice.modulus = modulus;
  for (const auto& [residue, tally] : source) {
    const auto found = mirror.find(residue);
    const Tally other = found == mirror.end() ? Tally() : found->second;
    if (tally != other) suspects.add(residue, std::max(tally.rows, other.rows));
  }
  for (const auto& [residue, tally] : mirror) {
    if (!source.contains(residue)) suspects.add(residue, tally.rows);
  }
  return suspects;
}

Suspects single_keys(std::vector<std::uint64_t> hashes) {
  Suspects suspects;
  suspects.rows.assign(hashes.size(), 1);
  suspects.rows_total = hashes.size();
  suspects.slice = {kHashes, std::move(hashes)};
  return suspects;
}

std::vector<Suspects> portions(const Suspects& suspects, std::uint64_t rows_max, std::size_t residues_max) {
  std::vector<Suspects> portions;
  for (std::size_t at = 0; at < suspects.rows.size(); ++at) {
    const bool full = !portions.empty() && (portions.back().rows_total + suspects.rows[at] > rows_max ||
                                            portions.back().rows.size() >= residues_max);
    if (portions.empty() || full) portions.push_back({{suspects.slice.modulus, {}}, {}, 0});
    portions.back().add(suspects.slice.residues[at], suspects.rows[at]);
  }
  return portions;
}

}  // namespace freshet::parity
