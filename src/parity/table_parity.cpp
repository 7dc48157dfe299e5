#include "parity/table_parity.h"

#include <algorithm>
#include <utility>

#include "adapter/postgres/barrier.h"
#include "parity/cut.h"

namespace freshet::parity {
namespace {

constexpr int kAttempts = 5;                // of comparing keys that move
constexpr std::size_t kBucketsListed = 64;  // by one statement: a quarter of a window's rows in memory
constexpr std::size_t kDifferencesListed = 100;
constexpr std::size_t kKeysRechecked = 2'000;  // by one statement

std::vector<std::uint64_t> differing(const Buckets& source, const Buckets& mirror) {
  std::vector<std::uint64_t> buckets;
  for (std::uint64_t bucket = 0; bucket < kBuckets; ++bucket) {
    const auto here = source.find(bucket);
    const auto there = mirror.find(bucket);
    const bool equal = (here == source.end()) == (there == mirror.end()) &&
                       (here == source.end() || here->second == there->second);
    if (!equal) buckets.push_back(bucket);
  }
  return buckets;
}

std::vector<std::string> differing(const Listing& source, const Listing& mirror) {
  std::vector<std::string> keys;
  for (const auto& [key, hash] : source) {
    const auto found = mirror.find(key);
    if (found == mirror.end() || found->second != hash) keys.push_back(key);
  }
  for (const auto& [key, hash] : mirror) {
    if (!source.contains(key)) keys.push_back(key);
  }
  return keys;
}

template <class T>
std::vector<T> part(const std::vector<T>& all, std::size_t from, std::size_t length_max) {
  const auto begin = all.begin() + static_cast<std::ptrdiff_t>(from);
  return {begin, begin + static_cast<std::ptrdiff_t>(std::min(length_max, all.size() - from))};
}

std::uint64_t rows_in(const Buckets& buckets) {
  std::uint64_t rows = 0;
  for (const auto& [bucket, sums] : buckets) rows += std::stoull(sums[0]);
  return rows;
}

}  // namespace

TableParity::TableParity(const Options& options, const ComparedTable& table, postgres::Connection& source,
                         clickhouse::Client& mirror, std::stop_token stop)
    : options_(options),
      table_(table),
      connection_(source),
      client_(mirror),
      source_(source, table),
      mirror_(mirror, table),
      stop_(std::move(stop)) {
  report_.table = table.name;
  report_.mirror = "raw." + table.mirror_name;
}

TableReport TableParity::run(const Progress& progress) {
  Windows windows(table_, connection_, options_.window_rows);
  while (const auto window = windows.next()) {
    compare_window(*window);
    ++report_.windows;
    if (progress) progress(report_);
  }
  return report_;
}

template <class Read>
auto TableParity::read_both(Read&& read_source, Read&& read_mirror) {
  postgres::wait_for_running_transactions(connection_, options_.cut_deadline, stop_);
  auto source = read_source();
  const Lsn after = postgres::insert_lsn(connection_);
  postgres::emit_mark(connection_);
  report_.cut = wait_for_cut(client_, table_.name, after, options_.cut_deadline, stop_);
  return std::pair(std::move(source), read_mirror());
}

void TableParity::compare_window(const Window& window) {
  const std::function<Buckets()> from_source = [&] { return source_.buckets(window); };
  const std::function<Buckets()> from_mirror = [&] { return mirror_.buckets(window); };
  const auto [source, mirror] = read_both(from_source, from_mirror);
  report_.source_rows += rows_in(source);
  report_.mirror_rows += rows_in(mirror);
  const std::vector<std::uint64_t> buckets = differing(source, mirror);
  for (std::size_t from = 0; from < buckets.size(); from += kBucketsListed) {
    // What is known to be different needs no complete list; what may still be equal is compared to its end.
    if (report_.different >= kDifferencesListed) {
      report_.reason = "differs so widely that only a part of the keys is listed";
      return;
    }
    settle(window, {.buckets = part(buckets, from, kBucketsListed), .keys = {}}, 1);
  }
}

// Compares the chosen keys until none of those that differ has moved meanwhile.
void TableParity::settle(const Window& window, const Choice& choice, int attempt) {
  const Lsn before = postgres::insert_lsn(connection_);
  const std::function<Listing()> from_source = [&] { return source_.list(window, choice); };
  const std::function<Listing()> from_mirror = [&] { return mirror_.list(window, choice); };
  const auto [source, mirror] = read_both(from_source, from_mirror);
  const std::vector<std::string> keys = differing(source, mirror);
  const std::vector<std::string> moved = moved_since(before, window, keys);
  for (const std::string& key : keys) {
    if (!std::ranges::binary_search(moved, key)) report_different(source, mirror, key);
  }
  if (moved.empty()) return;
  report_.rechecked += moved.size();
  if (attempt == kAttempts) {
    report_.verdict = std::max(report_.verdict, Verdict::undecided);
    report_.reason = "some keys changed each time they were compared";
    return;
  }
  for (std::size_t from = 0; from < moved.size(); from += kKeysRechecked)
    settle(window, {.buckets = {}, .keys = part(moved, from, kKeysRechecked)}, attempt + 1);
}

// Those of `keys`, in order, whose last change in the mirror committed at or above `lsn`.
std::vector<std::string> TableParity::moved_since(Lsn lsn, const Window& window,
                                                  const std::vector<std::string>& keys) {
  std::vector<std::string> moved;
  if (mirror_.last_truncate() >= lsn) {
    moved = keys;
    std::ranges::sort(moved);
    return moved;
  }
  for (std::size_t from = 0; from < keys.size(); from += kKeysRechecked) {
    for (const auto& [key, commit] : mirror_.last_commits(window, part(keys, from, kKeysRechecked))) {
      if (commit >= lsn) moved.push_back(key);
    }
  }
  std::ranges::sort(moved);
  return moved;
}

void TableParity::report_different(const Listing& source, const Listing& mirror, const std::string& key) {
  report_.verdict = Verdict::different;
  ++report_.different;
  if (report_.differences.size() >= kDifferencesListed) return;
  const Side side = !mirror.contains(key)   ? Side::only_in_source
                    : !source.contains(key) ? Side::only_in_mirror
                                            : Side::values;
  report_.differences.push_back({readable(key), side});
}

}  // namespace freshet::parity
