// One table's comparison, window by window.
#pragma once

#include <set>
#include <stop_token>

#include "parity/parity.h"
#include "parity/sides.h"

namespace freshet::parity {

class TableParity {
 public:
  TableParity(const Options& options, const ComparedTable& table, postgres::Connection& source,
              clickhouse::Client& mirror, std::stop_token stop);

  TableReport run(const Progress& progress);

 private:
  // Reads the source now, and the mirror at a cut that includes it.
  template <class Read>
  auto read_both(Read&& read_source, Read&& read_mirror);

  void compare_window(const Window& window);
  void settle(const Window& window, const Choice& choice, int attempt);
  std::vector<std::string> moved_since(Lsn lsn, const Window& window, const std::vector<std::string>& keys);
  void report_different(const Listing& source, const Listing& mirror, const std::string& key);

  const Options& options_;
  const ComparedTable& table_;
  postgres::Connection& connection_;
  clickhouse::Client& client_;
  SourceSide source_;
  MirrorSide mirror_;
  std::stop_token stop_;
  TableReport report_;
};

}  // namespace freshet::parity
