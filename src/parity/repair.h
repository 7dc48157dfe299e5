// What a repair needs of the running line, and how far it may go. A repair is a snapshot of a list of keys:
// the line reads them anew behind a barrier of their own, and what commits after that wins
// (docs/snapshot.md).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace freshet::parity {

// Keys of one table, in PostgreSQL's text, to be read from the source.
struct KeysToRead {
  std::string schema;
  std::string table;
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> keys;
};

// One repair of one table, for the record: before it changes anything, and again when it has ended.
struct RepairNote {
  std::string stream;
  std::int64_t began = 0;  // its name: microseconds since 1970
  std::uint64_t missing = 0;
  std::uint64_t extra = 0;
  std::uint64_t values = 0;
  bool ended = false;
  std::uint64_t mended = 0;  // once it has
};

// Called by several threads at a time.
struct Repair {
  std::function<void(const RepairNote&)> note;       // durable when it returns, or throws Error
  std::function<void(const KeysToRead&)> read_keys;  // may be asked again for the same ones
  std::uint64_t keys_max = 20'000;                   // of a table; beyond, all of it should be read again
  int ask_above = 10;                                // as of a sweep: percent of the mirror's rows,
  std::uint64_t unasked_rows = 1'000;                // and so many of them, may go without a word
  bool removals_allowed = false;                     // that word
};

}  // namespace freshet::parity
