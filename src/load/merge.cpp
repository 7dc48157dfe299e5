#include "load/merge.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <vector>

namespace freshet::load {
namespace {

// What one partition's window holds at most, about; one record at least.
constexpr std::size_t kWindowBytes = 1 << 20;
constexpr std::uint64_t kFirstWindow = 64;  // records
constexpr std::uint64_t kLargestWindow = 4096;

// A record with what it borrows.
struct Kept {
  Change change;
  std::string tuples;
};

class Cursor {
 public:
  Cursor(journal::Partition partition, journal::Offset from, journal::Offset to)
      : partition_(std::move(partition)), next_(from), end_(to) {}

  template <class Fate>
  bool ready(journal::Reader& reader, const Fate& fate) {
    while (window_.empty() && next_ < end_) fill(reader, fate);
    return !window_.empty();
  }

  // A snapshot's records stand where they are: between the streamed ones around them.
  Version order() const {
    const Change& change = window_.front().change;
    return change.from_snapshot() ? reached_ : std::max(reached_, change.version());
  }

  template <class Visit>
  void pop(const Visit& visit) {
    reached_ = order();
    visit(window_.front().change);
    window_.pop_front();
  }

 private:
  template <class Fate>
  void fill(journal::Reader& reader, const Fate& fate) {
    const journal::Offset to(std::min(end_.value(), next_.value() + window_records_));
    std::size_t bytes = 0;
    reader.read({{partition_, next_}}, {{partition_, to}},
                [&](const Change& change, const journal::Partition& partition, journal::Offset) {
                  bytes += change.old.size() + change.row.size();
                  if (fate(change, partition)) keep(change);
                });
    const std::uint64_t records = to.value() - next_.value();
    const std::uint64_t mean = bytes / records + 1;
    window_records_ = std::clamp<std::uint64_t>(kWindowBytes / mean, 1, kLargestWindow);
    next_ = to;
  }

  void keep(const Change& change) {
    Kept& kept = window_.emplace_back(Kept{change, {}});
    kept.tuples.reserve(change.old.size() + change.row.size());
    kept.tuples.append(change.old).append(change.row);
    kept.change.old = std::string_view(kept.tuples).substr(0, change.old.size());
    kept.change.row = std::string_view(kept.tuples).substr(change.old.size());
  }

  journal::Partition partition_;
  journal::Offset next_;
  journal::Offset end_;
  std::uint64_t window_records_ = kFirstWindow;
  std::deque<Kept> window_;
  Version reached_;
};

}  // namespace

void read_merged(journal::Reader& reader, const journal::Ends& from, const journal::Ends& to,
                 const std::function<bool(const Change&, const journal::Partition&)>& fate,
                 const std::function<void(const Change&)>& visit) {
  std::vector<Cursor> cursors;
  for (const auto& [partition, end] : to) {
    const auto begin = from.find(partition);
    cursors.emplace_back(partition, begin == from.end() ? journal::Offset() : begin->second, end);
  }
  for (;;) {
    Cursor* lowest = nullptr;
    for (Cursor& cursor : cursors)
      if (cursor.ready(reader, fate) && (lowest == nullptr || cursor.order() < lowest->order()))
        lowest = &cursor;
    if (lowest == nullptr) return;
    lowest->pop(visit);
  }
}

}  // namespace freshet::load
