// LogIndex: the reader's knowledge of what is where in the log. Built from the headers and preludes that it
// comes across; nothing of it grows with the log.
#pragma once

#include <deque>
#include <map>

#include "journal/embedded/prelude.h"
#include "journal/embedded/tail.h"

namespace freshet::journal {

class LogIndex {
 public:
  explicit LogIndex(Layout layout) : layout_(std::move(layout)) {}

  const Layout& layout() const { return layout_; }
  Catalog& catalog() { return catalog_; }

  // How far the log is durable, as the writer said last. Nothing: there is no journal yet.
  const std::optional<Tail>& refresh();
  const std::optional<Tail>& tail() const { return tail_; }

  // Where the log goes on after this watermark (nothing: where it begins). When the watermark itself is gone,
  // the first place that is left, its prelude included. Throws Error{identity} when it isn't of this journal.
  Place after(const std::optional<Watermark>& watermark);
  void remember(Watermark watermark, Place place);
  // This segment and all before it are gone.
  void forget(std::uint64_t segment);

  // A place at or before the first record at or above these offsets, by stream name; near it where known.
  Place before(const std::map<std::string, std::uint64_t>& offsets);
  // How the log begins that is still there.
  const Prelude& first_prelude() { return prelude(segments().first); }

  // The segment's file and how much of it may be read. Nothing when retention has taken it.
  struct Readable {
    files::File file;
    std::uint64_t end;
  };
  std::optional<Readable> open(std::uint64_t segment) const;

 private:
  // A watermark that was passed, and where the log goes on after it.
  struct Mark {
    Watermark watermark;
    Place place;
  };

  // The first and last segment that may be read. There is a tail.
  std::pair<std::uint64_t, std::uint64_t> segments();
  const Prelude& prelude(std::uint64_t segment);
  // The last segment for whose prelude `at_or_before` holds; the first one when it holds for none.
  template <class Predicate>
  std::uint64_t last_segment_where(const Predicate& at_or_before);
  Place search(const Watermark& watermark);
  Place search_segment(std::uint64_t segment, const Watermark& watermark);

  Layout layout_;
  Catalog catalog_;
  std::optional<Tail> tail_;
  std::map<std::uint64_t, Prelude> preludes_;
  std::deque<Mark> marks_;
};

}  // namespace freshet::journal
