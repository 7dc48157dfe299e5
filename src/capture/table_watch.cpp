#include "capture/table_watch.h"

#include <algorithm>
#include <utility>

#include "capture/table_sight.h"

namespace freshet::capture {

TableWatch::TableWatch(std::string publication, std::vector<StreamedTable> tables, FitsContract fits)
    : publication_(std::move(publication)), fits_(std::move(fits)), added_(std::move(tables)) {}

void TableWatch::add(StreamedTable table) {
  const MutexLock lock(mutex_);
  added_.push_back(std::move(table));
}

std::vector<std::optional<SeenTable>> TableWatch::see(postgres::Connection& connection) {
  {
    const MutexLock lock(mutex_);
    for (StreamedTable& table : added_) {
      watched_.push_back({.table = table, .stream = table.schema + "." + table.table});
      tables_.push_back(std::move(table));
    }
    added_.clear();
  }
  return see_tables(connection, publication_, tables_);
}

// Of a table that is as it was, and was in order, nothing more is asked.
void TableWatch::look(postgres::Connection& connection) {
  std::vector<std::optional<SeenTable>> now = see(connection);
  for (std::size_t place = 0; place < now.size(); ++place) {
    Watched& watched = watched_[place];
    const bool as_it_was = watched.seen == now[place];
    if (as_it_was && !watched.problem) continue;
    if (!as_it_was) {
      if (now[place]) see_empty_leaves(connection, *now[place]);
      watched.seen = std::move(now[place]);
    }
    check(connection, watched);
  }
  // Where a table was seen, the publication was.
  const bool seen =
      std::ranges::any_of(watched_, [](const Watched& watched) { return watched.seen.has_value(); });
  publish(seen ? std::nullopt : missing_publication(connection, publication_, tables_));
}

void TableWatch::look(postgres::Connection& connection, const Source& checked) {
  std::vector<std::optional<SeenTable>> now = see(connection);
  for (std::size_t place = 0; place < now.size(); ++place) {
    Watched& watched = watched_[place];
    if (watched.seen != now[place]) {
      if (now[place]) see_empty_leaves(connection, *now[place]);
      watched.seen = std::move(now[place]);
    }
    take_over(checked, watched);
  }
  publish(std::nullopt);
}

void TableWatch::check(postgres::Connection& connection, Watched& watched) const {
  watched.problem.reset();
  watched.fits = false;
  try {
    watched.fits = fits(watched, check_table(connection, publication_, watched.table));
  } catch (const Error& error) {
    if (error.may_pass()) {
      watched.seen.reset();  // so that the next look checks it
      throw;
    }
    watched.problem = {watched.stream, error.message(), error.hint()};
  }
}

void TableWatch::take_over(const Source& checked, Watched& watched) const {
  watched.problem.reset();
  const auto problem = std::ranges::find(checked.problems, watched.stream, &TableProblem::stream);
  if (problem != checked.problems.end()) watched.problem = *problem;
  const auto schema = std::ranges::find(checked.tables, watched.stream, &stream_name);
  watched.fits = !watched.problem && schema != checked.tables.end() && fits(watched, *schema);
}

bool TableWatch::fits(const Watched& watched, const TableSchema& schema) const {
  return fits_ == nullptr || fits_(watched.stream, schema);
}

void TableWatch::publish(std::optional<PublicationProblem> problem) {
  std::vector<Sighting> sightings;
  std::vector<TableProblem> problems;
  for (const Watched& watched : watched_) {
    if (watched.problem) problems.push_back(*watched.problem);
    if (watched.seen) sightings.push_back({watched.stream, *watched.seen, watched.fits});
  }
  const MutexLock lock(mutex_);
  for (const Sighting& seen : sightings)
    if (keeps_changes_to_itself(seen.table)) kept_changes_.insert(seen.stream);
  sightings_ = std::move(sightings);
  problems_ = std::move(problems);
  publication_problem_ = std::move(problem);
}

std::vector<Sighting> TableWatch::take() {
  const MutexLock lock(mutex_);
  for (Sighting& seen : sightings_) seen.kept_changes = kept_changes_.erase(seen.stream) > 0;
  return std::exchange(sightings_, {});
}

std::optional<PublicationProblem> TableWatch::publication_problem() const {
  const MutexLock lock(mutex_);
  return publication_problem_;
}

std::vector<TableProblem> TableWatch::problems() const {
  const MutexLock lock(mutex_);
  return problems_;
}

}  // namespace freshet::capture
