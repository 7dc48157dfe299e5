// Retention: what of the log is kept, and what goes. Segments go as a whole, the oldest first, when every
// running stream has passed them; what a stream that doesn't run still needs of them is moved aside first.
// Part of the writer, its thread.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "journal/embedded.h"
#include "journal/embedded/catalog.h"
#include "journal/embedded/gaps.h"
#include "journal/embedded/held.h"
#include "journal/embedded/tail.h"

namespace freshet::journal {

class Retention {
 public:
  // Takes up what is in the folder.
  Retention(const EmbeddedOptions& options, const Layout& layout, const Catalog& catalog,
            std::string journal);

  // The segment in use ended with this size, and the next one begins at these offsets.
  void next_segment(std::uint64_t finished_bytes, const std::vector<std::uint64_t>& starts);

  // Removes what may go now, at most every so often; true when it did something. `end`: of the log; `sealed`:
  // the segment with the last seal, which recovery needs. Failures are logged and counted: the journal then
  // stays as full as it is.
  bool run(Place end, std::uint64_t sealed);

  // Of everything but the segment in use.
  std::uint64_t bytes() const { return finished_bytes_ + held_bytes_; }

 private:
  struct Segment {
    std::uint64_t number = 0;
    std::uint64_t bytes = 0;              // 0 for the one in use
    std::vector<std::uint64_t> starts{};  // by stream number - 1: the offset of its next record there
  };
  enum class Need { none, held, running };

  bool due(std::uint64_t used);
  void free_segments(const Released& released, std::uint64_t sealed, std::uint64_t in_use_bytes);
  bool old_enough(const Segment& segment) const;
  bool free_first(const Released& released);
  Need need(const Released& released, std::uint32_t stream, std::uint64_t start, std::uint64_t end) const;
  void take_aside(std::uint64_t segment, const std::map<std::uint32_t, std::uint64_t>& from_by_stream);
  void free_held(const Released& released);
  void enforce_held_limit(const Released& released);
  void drop_held(std::size_t index);

  EmbeddedOptions options_;
  const Layout& layout_;
  const Catalog& catalog_;
  std::string journal_;
  std::deque<Segment> segments_;  // the last one is in use
  std::vector<HeldFile> held_;    // by stream and offset
  std::uint64_t finished_bytes_ = 0;
  std::uint64_t held_bytes_ = 0;
  Gaps gaps_;
  std::optional<SteadyTime> last_run_;
};

}  // namespace freshet::journal
