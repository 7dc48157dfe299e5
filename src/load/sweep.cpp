#include "load/sweep.h"

#include <fmt/format.h>

#include "adapter/clickhouse/quote.h"
#include "base/crash_point.h"
#include "base/log.h"
#include "load/key_ranges.h"
#include "load/row_binary.h"

namespace freshet::load {
namespace {

using clickhouse::quote_literal;

std::string live_above(Version floor) {
  return fmt::format("_version > {} AND _deleted = 0", to_sql(floor));
}

std::string older(const Unseen& unseen) {
  return fmt::format("_version < {} AND {}", to_sql(unseen.version), live_above(unseen.floor));
}

}  // namespace

void Sweep::load(Session& session, std::uint64_t cut) {
  session.remove("freshet.sweeps",
                 fmt::format("table = {} AND round > {}", quote_literal(mirror_.name()), cut));
  const auto sweeps = read_sweeps(session.select(last_sweeps(mirror_.name())));
  const auto last = sweeps.find(mirror_.name());
  question_ = last == sweeps.end() ? std::nullopt : std::optional(last->second);
}

// A round that is repeated decides the same: what it has swept already makes what is left a smaller share.
bool Sweep::sweep_or_ask(Session& session, const Unseen& unseen, std::uint64_t round) {
  supersede(session, round);
  const Found found = look(session, unseen);
  if (asks(found)) {
    question_ =
        SweepQuestion{SweepState::asked, unseen.version, unseen.at, found.unseen, found.rows, std::string()};
    become(session, SweepState::asked, round);
    crash_point("sweep_asked");
    log::warn("sweep_asks", {{"stream", mirror_.stream}, {"rows", found.unseen}, {"of", found.rows}});
    return false;
  }
  for (const std::string& range : found.ranges) sweep(session, unseen, range, round);
  return true;
}

// A table that is new has nothing older, and FINAL would merge all of it to see that.
Sweep::Found Sweep::look(Session& session, const Unseen& unseen) const {
  Found found;
  if (session.number(fmt::format("SELECT count() FROM (SELECT 1 FROM {} WHERE {} LIMIT 1)", mirror_.raw(),
                                 older(unseen))) == 0)
    return found;
  for (const std::string& range : key_ranges(session, mirror_, "raw", walk_rows_)) {
    const auto counts =
        session.rows(fmt::format("SELECT countIf(_version < {} AND {} NOT IN ({})), count() FROM {} FINAL "
                                 "WHERE {} AND {}",
                                 to_sql(unseen.version), mirror_.key_bytes(), unseen.seen, mirror_.raw(),
                                 range, live_above(unseen.floor)));
    const std::uint64_t missing = std::stoull(counts[0][0].value());
    found.unseen += missing;
    found.rows += std::stoull(counts[0][1].value());
    if (missing > 0) found.ranges.push_back(range);
  }
  return found;
}

bool Sweep::asks(const Found& found) const {
  const double share = static_cast<double>(limits_.ask_above) / 100;
  return found.unseen > limits_.unasked_rows &&
         static_cast<double>(found.unseen) > share * static_cast<double>(found.rows);
}

// Rows older than the reading that it didn't bring again get a tombstone of its version: what came since is
// newer than that, and stays.
void Sweep::sweep(Session& session, const Unseen& unseen, const std::string& range,
                  std::uint64_t round) const {
  const std::string columns = mirror_.keeps() ? mirror_.column_list() : mirror_.key_list();
  session.execute(
      fmt::format("INSERT INTO {} ({}, _version, _deleted, _round, _committed_at) "
                  "SELECT {}, {}, 1, {}, fromUnixTimestamp64Micro(toInt64({}), 'UTC') FROM {} FINAL "
                  "WHERE {} AND {} AND {} NOT IN ({})",
                  mirror_.raw(), columns, columns, to_sql(unseen.version), round, unseen.at, mirror_.raw(),
                  range, older(unseen), mirror_.key_bytes(), unseen.seen));
}

void Sweep::supersede(Session& session, std::uint64_t round) {
  if (question_ && (question_->open() || question_->state == SweepState::refused))
    become(session, SweepState::superseded, round);
}

void Sweep::answer(Session& session, const SweepAnswer& answer, std::uint64_t round) {
  if (!question_ || question_->state != SweepState::asked)
    throw Error(ErrorKind::config, mirror_.stream + " has no sweep that asks", "freshet sweep list");
  if (question_->version != answer.version)
    throw Error(ErrorKind::config,
                fmt::format("another reading of {} has ended since, and asks about {} rows", mirror_.stream,
                            question_->rows),
                "look again: freshet sweep list");
  question_->note = answer.note;
  become(session, answer.allowed ? SweepState::allowed : SweepState::refused, round);
  crash_point("sweep_answered");
}

void Sweep::carry_out(Session& session, Version floor, const std::string& spared, std::uint64_t round) {
  const Unseen unseen{question_->version, floor, spared, question_->read_at};
  for (const std::string& range : look(session, unseen).ranges) {
    sweep(session, unseen, range, round);
    crash_point("swept_in_part");
  }
  become(session, SweepState::swept, round);
  crash_point("swept");
}

void Sweep::become(Session& session, SweepState state, std::uint64_t round) {
  question_->state = state;
  session.execute(fmt::format(
      "INSERT INTO freshet.sweeps (table, version, round, state, read_at, rows, of, note) "
      "SELECT {}, {}, {}, {}, {}, {}, {}, {}",
      quote_literal(mirror_.name()), to_sql(question_->version), round, quote_literal(to_string(state)),
      question_->read_at, question_->rows, question_->of, quote_literal(question_->note)));
}

}  // namespace freshet::load
