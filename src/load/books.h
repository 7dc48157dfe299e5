// Books: which tables load's own books in ClickHouse mention at all. Asked once at a start, because most
// tables are in few of them, and looking into each book for each table takes long where there are hundreds.
// Load's thread.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "load/session.h"

namespace freshet::load {

class Books {
 public:
  static Books read(Session& session);

  // `book`: snapshots, waiting, quarantine or floors. `table`: a mirror's name.
  bool mention(std::string_view book, std::string_view table) const {
    return mentioned_.contains({std::string(book), std::string(table)});
  }

 private:
  std::set<std::pair<std::string, std::string>> mentioned_;
};

}  // namespace freshet::load
