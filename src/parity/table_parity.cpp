#include "parity/table_parity.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "adapter/postgres/barrier.h"
#include "parity/cut.h"

namespace freshet::parity {
namespace {

constexpr std::uint64_t kFirstSums = 256;  // of a window: most are equal, and need no more
constexpr int kAttempts = 10;              // of comparing keys that move

std::vector<std::string> differing_keys(const Listing& source, const Listing& mirror) {
  std::vector<std::string> keys;
  for (const auto& [key, listed] : source) {
    const auto found = mirror.find(key);
    if (found == mirror.end() || found->second.tally != listed.tally) keys.push_back(key);
  }
  for (const auto& [key, listed] : mirror) {
    if (!source.contains(key)) keys.push_back(key);
  }
  return keys;
}

Side side_of(const std::string& key, const Listing& source, const Listing& mirror) {
  const auto here = source.find(key);
  if (here == source.end()) return Side::only_in_mirror;
  if (!mirror.contains(key)) return Side::only_in_source;
  return here->second.tally.rows > 1 ? Side::rows : Side::values;
}

std::uint64_t rows_in(const Sums& sums) {
  std::uint64_t rows = 0;
  for (const auto& [residue, tally] : sums) rows += tally.rows;
  return rows;
}

}  // namespace

TableParity::TableParity(const Options& options, const ComparedTable& table, postgres::Connection& source,
                         clickhouse::Client& mirror, Mutex& turn, std::stop_token stop, TableReport& report,
                         Differing* found)
    : options_(options),
      table_(table),
      connection_(source),
      client_(mirror),
      source_(source, table),
      mirror_(mirror, table),
      following_(mirror, table),
      waiting_(mirror, source, table),
      turn_(turn),
      stop_(std::move(stop)),
      report_(report),
      found_(found) {}

void TableParity::run(const Progress& progress) {
  Windows windows(table_, connection_, options_.window_rows);
  while (const auto window = windows.next()) {
    if (stop_.stop_requested()) throw Error(ErrorKind::cancelled, "stopped before all of it was compared");
    compare_window(*window);
    ++report_.windows;
    if (progress) progress(report_);
  }
  report_.unswept = following_.unswept();
}

void TableParity::compare_again(const Window& window, std::vector<std::uint64_t> hashes) {
  readings_ = 0;
  if (found_ != nullptr) found_->begin(window);
  settle(window, single_keys(std::move(hashes)));
}

template <class Step>
auto TableParity::in_turn(const Step& step) {
  const MutexLock lock(turn_);
  return step();
}

template <class Read>
auto TableParity::read_both(Read&& read) {
  following_.wait(options_.snapshot_deadline, stop_);
  ++readings_;
  const Lsn since = postgres::insert_lsn(connection_);
  postgres::wait_for_running_transactions(connection_, options_.cut_deadline, stop_);
  auto source = in_turn([&] { return read(source_); });
  const Lsn after = postgres::insert_lsn(connection_);
  postgres::emit_mark(connection_);
  report_.cut = wait_for_cut(client_, following_, table_.name, after, options_.cut_deadline, stop_);
  following_.wait(options_.snapshot_deadline, stop_);
  return Reading<decltype(source)>{since, std::move(source), in_turn([&] { return read(mirror_); })};
}

void TableParity::compare_window(const Window& window) {
  readings_ = 0;
  if (found_ != nullptr) found_->begin(window);
  Suspects suspects = compare_sums(window, kWholeWindow, kFirstSums);
  if (suspects.rows_total > options_.limits.rows_listed) suspects = narrow(window, std::move(suspects));
  settle(window, std::move(suspects));
}

Suspects TableParity::compare_sums(const Window& window, const Slice& slice, std::uint64_t modulus) {
  const auto reading = read_both([&](auto& side) { return side.sums(window, slice, modulus); });
  if (slice.whole()) {
    report_.source_rows += rows_in(reading.source);
    report_.mirror_rows += rows_in(reading.mirror);
  }
  return differing(modulus, reading.source, reading.mirror);
}

// A few keys here and there make every one of the first sums differ; finer ones find them without listing
// their many neighbours. Where most rows differ in fact, they don't, and all are listed.
Suspects TableParity::narrow(const Window& window, Suspects suspects) {
  while (suspects.rows_total > options_.limits.rows_listed) {
    const std::uint64_t finer = options_.limits.sums / suspects.rows.size();
    if (finer < 2 || suspects.slice.modulus > kHashes / finer) break;
    Suspects narrower = compare_sums(window, suspects.slice, suspects.slice.modulus * finer);
    const bool helped = narrower.rows_total <= suspects.rows_total / 2;
    suspects = std::move(narrower);
    if (!helped) break;
  }
  return suspects;
}

// Compares the suspects' keys until none of those that differ has moved meanwhile.
void TableParity::settle(const Window& window, Suspects suspects) {
  for (int attempt = 0; attempt < kAttempts && !suspects.rows.empty(); ++attempt) {
    std::vector<std::uint64_t> moved = compare_keys(window, suspects);
    report_.rechecked += moved.size();
    suspects = single_keys(std::move(moved));
  }
  if (!suspects.rows.empty())
    report_.leave_undecided(suspects.rows.size(), "some keys changed each time they were compared");
}

std::vector<std::uint64_t> TableParity::compare_keys(const Window& window, const Suspects& suspects) {
  std::vector<std::uint64_t> moved;
  for (const Suspects& portion :
       portions(suspects, options_.limits.rows_listed, options_.limits.keys_named)) {
    if (readings_ >= options_.limits.readings) {
      report_.leave_undecided(portion.rows_total,
                              fmt::format("too much differs or changes to settle all of it in {} readings",
                                          options_.limits.readings));
      continue;
    }
    const std::vector<std::uint64_t> more = compare_listed(window, portion.slice);
    moved.insert(moved.end(), more.begin(), more.end());
  }
  return moved;
}

std::vector<std::uint64_t> TableParity::compare_listed(const Window& window, const Slice& slice) {
  // They may have become more since they were counted.
  const std::uint64_t keys_max = 2 * options_.limits.rows_listed;
  const auto reading = read_both([&](auto& side) { return side.list(window, slice, keys_max); });
  const std::vector<std::string> keys = differing_keys(reading.source, reading.mirror);
  if (keys.empty()) return {};
  // Each of these takes or brings rows without a version above `since`.
  const bool all_moved = mirror_.last_truncate() >= reading.since || following_.still_to_come();
  const std::vector<std::uint64_t> changed = mirror_.changed_since(reading.since, window, slice);
  const std::set<std::string> waiting = waiting_.among(keys);
  std::vector<std::uint64_t> moved;
  for (const std::string& key : keys) {
    const auto listed = reading.source.find(key);
    const std::uint64_t hash =
        (listed != reading.source.end() ? listed : reading.mirror.find(key))->second.hash;
    if (all_moved || std::ranges::binary_search(changed, hash)) {
      moved.push_back(hash);
    } else {
      report_different(key, hash, side_of(key, reading.source, reading.mirror), waiting.contains(key));
    }
  }
  return moved;
}

void TableParity::report_different(const std::string& key, std::uint64_t hash, Side side, bool waits) {
  if (found_ != nullptr) found_->add({key, hash, side, waits});
  report_.differs(side, readable(key, table_.key), waits);
}

}  // namespace freshet::parity
