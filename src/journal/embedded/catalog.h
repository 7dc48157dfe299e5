// Catalog: which stream has which number in this journal, and the shapes its records came in. Learnt from
// stream and schema blocks; both writer and reader keep one.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>

#include "journal/embedded/block.h"
#include "journal/position.h"

namespace freshet::journal {

class Catalog {
 public:
  struct Stream {
    std::uint32_t number = 0;
    Partition partition;  // the embedded journal has one partition a stream: number 0
    // By schema number, rising: the last one is in use. Addresses stay.
    std::map<std::uint32_t, TableSchema> schemas;
  };

  // Takes what a stream or schema block says; other kinds say nothing here. Throws Error{data}.
  void learn(const BlockHeader& header, std::string_view raw);

  Stream& add(std::string name);
  std::size_t size() const { return streams_.size(); }
  // By number, from 1. Throws Error{data} for one that was never announced.
  Stream& at(std::uint32_t number);
  const Stream& at(std::uint32_t number) const { return const_cast<Catalog*>(this)->at(number); }
  // nullptr: not known (yet).
  const Stream* find(const std::string& name) const;
  const TableSchema& schema(std::uint32_t stream, std::uint32_t number) const;

 private:
  std::deque<Stream> streams_;
  std::map<std::string, std::uint32_t, std::less<>> numbers_;
};

}  // namespace freshet::journal
