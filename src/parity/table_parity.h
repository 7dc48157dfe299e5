// One table's comparison, window by window. A window is compared by sums, ever finer ones where it differs
// widely; then the keys that are left are listed, and those that moved meanwhile are listed again.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "parity/differing.h"
#include "parity/following.h"
#include "parity/parity.h"
#include "parity/sides.h"
#include "parity/waiting_keys.h"

namespace freshet::parity {

class TableParity {
 public:
  // `report` is added to as things are found, so that an error takes nothing of it away. `turn` is held while
  // a side is read: of tables that are compared at the same time one is read, and the others wait for a cut.
  // `found` may be absent.
  TableParity(const Options& options, const ComparedTable& table, postgres::Connection& source,
              clickhouse::Client& mirror, Mutex& turn, std::stop_token stop, TableReport& report,
              Differing* found);

  void run(const Progress& progress);
  // Only these keys of a window, by their hashes.
  void compare_again(const Window& window, std::vector<std::uint64_t> hashes);

 private:
  // Both sides of one slice. `since`: what committed before shows on both.
  template <class Found>
  struct Reading {
    Lsn since;
    Found source;
    Found mirror;
  };
  // Reads the source now, and the mirror at a cut that includes it.
  template <class Read>
  auto read_both(Read&& read);
  template <class Step>
  auto in_turn(const Step& step);

  void compare_window(const Window& window);
  Suspects compare_sums(const Window& window, const Slice& slice, std::uint64_t modulus);
  Suspects narrow(const Window& window, Suspects suspects);
  void settle(const Window& window, Suspects suspects);
  // These give the hashes of the keys that moved meanwhile.
  std::vector<std::uint64_t> compare_keys(const Window& window, const Suspects& suspects);
  std::vector<std::uint64_t> compare_listed(const Window& window, const Slice& slice);
  void report_different(const std::string& key, std::uint64_t hash, Side side, bool waits);

  const Options& options_;
  const ComparedTable& table_;
  postgres::Connection& connection_;
  clickhouse::Client& client_;
  SourceSide source_;
  MirrorSide mirror_;
  Following following_;
  WaitingKeys waiting_;
  Mutex& turn_;
  std::stop_token stop_;
  TableReport& report_;
  Differing* const found_;
  int readings_ = 0;  // of the window
};

}  // namespace freshet::parity
