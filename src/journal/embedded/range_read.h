// RangeRead: one Reader::read(). Goes through the log once, from the first block that holds a wanted record,
// and checks that each stream's offsets have no gap.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "journal/embedded/block_reader.h"
#include "journal/embedded/log_index.h"
#include "journal/journal.h"

namespace freshet::journal {

class RangeRead {
 public:
  // Says false to have no more of the partition, from this record on.
  using Visit = std::function<bool(const Change&, const Partition&, Offset)>;

  RangeRead(LogIndex& index, const Ends& from, const Ends& to, Visit visit,
            const std::function<bool(const std::string&)>& only);

  void run();

 private:
  // What is still to be read of a stream.
  struct Range {
    std::uint64_t next = 0;
    std::uint64_t end = 0;
    bool done() const { return next >= end; }
  };

  bool done() const { return open_ == 0; }
  void pass();
  void refuse_lost();
  void read_held();
  bool read_segment(std::uint64_t segment, std::uint64_t from);
  void read_blocks(BlockReader& blocks);
  void take(BlockReader& blocks, const BlockHeader& header);
  void deliver(const BlockHeader& header, std::string_view raw, Range& range);
  Range* range_of(std::uint32_t stream);
  std::map<std::string, std::uint64_t> wanted() const;

  LogIndex& index_;
  const Visit visit_;
  std::map<std::string, Range> ranges_;
  std::size_t open_ = 0;  // ranges that aren't done
  // By stream number - 1, filled in as streams are met.
  std::vector<std::optional<Range*>> by_number_;
};

}  // namespace freshet::journal
