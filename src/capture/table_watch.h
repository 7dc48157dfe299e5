// Watches the streamed tables for what the stream doesn't tell: looks at the catalogue, now and then, and
// hands what it has seen to the journal thread, which compares it with what the stream is bound to
// (binding.h). Also notices what is wrong with a table, and that it isn't any more.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "adapter/postgres/connection.h"
#include "base/guarded.h"
#include "capture/binding.h"
#include "capture/source_check.h"

namespace freshet::capture {

// Whether a table of that shape keeps its contract. What doesn't waits in quarantine; a reading of it would
// stop the stream.
using FitsContract = std::function<bool(const std::string& stream, const TableSchema& schema)>;

struct Sighting {
  std::string stream;
  SeenTable table;
  bool fits = false;  // its contract; and nothing else is wrong with it
  // Now, or in a look that nobody took, it kept changes to itself (binding.h).
  bool kept_changes = false;
};

class TableWatch {
 public:
  // Without `fits` every shape does.
  TableWatch(std::string publication, std::vector<StreamedTable> tables, FitsContract fits);

  // Any thread: to be looked at from the next look on.
  void add(StreamedTable table);

  // One thread at a time, over its connection. Throws SqlError when the server doesn't answer; the
  // connection is then of no more use.
  void look(postgres::Connection& connection);
  // The same, where all tables have been checked a moment ago.
  void look(postgres::Connection& connection, const Source& checked);

  // Journal thread: the newest look, once. Whatever begins after that sees at least the same.
  std::vector<Sighting> take();
  // Any thread: as of the newest look.
  std::vector<TableProblem> problems() const;
  std::optional<PublicationProblem> publication_problem() const;

 private:
  struct Watched {
    StreamedTable table;
    std::string stream;
    std::optional<SeenTable> seen = {};
    std::optional<TableProblem> problem = {};
    bool fits = false;
  };

  std::vector<std::optional<SeenTable>> see(postgres::Connection& connection);
  void check(postgres::Connection& connection, Watched& watched) const;
  void take_over(const Source& checked, Watched& watched) const;
  bool fits(const Watched& watched, const TableSchema& schema) const;
  void publish(std::optional<PublicationProblem> problem);

  const std::string publication_;
  const FitsContract fits_;
  std::vector<StreamedTable> tables_;  // of whoever looks
  std::vector<Watched> watched_;       // of whoever looks; by place in `tables_`

  mutable Mutex mutex_;
  std::vector<StreamedTable> added_ GUARDED_BY(mutex_);
  std::vector<Sighting> sightings_ GUARDED_BY(mutex_);
  std::set<std::string> kept_changes_ GUARDED_BY(mutex_);  // streams; until they are taken
  std::vector<TableProblem> problems_ GUARDED_BY(mutex_);
  std::optional<PublicationProblem> publication_problem_ GUARDED_BY(mutex_);
};

}  // namespace freshet::capture
