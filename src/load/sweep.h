// Sweep: what a reading of a whole table didn't see, and nothing has changed since, goes from its mirror.
// Where that is much of the mirror, somebody is asked first: the source may have lost its rows by accident.
// The question stands until it is answered, or a newer reading has ended. One per table; load's thread.
// docs/snapshot.md is for the operator, docs/formats/mirrors.md has the table.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "load/mirror.h"
#include "load/session.h"
#include "load/sweep_question.h"

namespace freshet::load {

// Both have to be exceeded for a sweep to ask.
struct SweepLimits {
  int ask_above = 10;                  // percent of the mirror's rows
  std::uint64_t unasked_rows = 1'000;  // a small table may lose all it has
};

// What says which rows go.
struct Unseen {
  Version version;   // of the reading: rows older than that
  Version floor;     // and above this one; the others are gone anyway
  std::string seen;  // but for these keys, as a SELECT
  Micros at;         // when the reading ended
};

class Sweep {
 public:
  // `walk_rows`: of a mirror, for one statement.
  Sweep(const Mirror& mirror, std::uint64_t walk_rows, SweepLimits limits)
      : mirror_(mirror), walk_rows_(walk_rows), limits_(limits) {}

  // As of round `cut`; what a later, unfinished round wrote is taken back.
  void load(Session& session, std::uint64_t cut);

  // Of the last reading that asked one.
  const std::optional<SweepQuestion>& question() const { return question_; }
  bool open() const { return question_ && question_->open(); }
  bool allowed() const { return question_ && question_->state == SweepState::allowed; }

  // At the end of a reading, in its round; may be repeated. False: it asks first.
  bool sweep_or_ask(Session& session, const Unseen& unseen, std::uint64_t round);
  // One portion of the mirror, without a question. `range`: a condition on the key.
  void sweep(Session& session, const Unseen& unseen, const std::string& range, std::uint64_t round) const;
  // A newer reading has ended, whatever becomes of its own.
  void supersede(Session& session, std::uint64_t round);
  // A TRUNCATE has taken what a reading older than that asks about.
  void end_below(Session& session, Version floor, std::uint64_t round) {
    if (question_ && question_->version <= floor) supersede(session, round);
  }

  // Somebody's word on the question, which stands as of the cut of `round`. Error{config}: none waits for it,
  // or another one does.
  void answer(Session& session, const SweepAnswer& answer, std::uint64_t round);
  // What was allowed, in a round of its own; may be repeated. `spared`: keys, as a SELECT.
  void carry_out(Session& session, Version floor, const std::string& spared, std::uint64_t round);

 private:
  struct Found {
    std::uint64_t unseen = 0;
    std::uint64_t rows = 0;
    std::vector<std::string> ranges;  // that have some of the unseen
  };
  Found look(Session& session, const Unseen& unseen) const;
  bool asks(const Found& found) const;
  void become(Session& session, SweepState state, std::uint64_t round);

  const Mirror& mirror_;
  const std::uint64_t walk_rows_;
  const SweepLimits limits_;
  std::optional<SweepQuestion> question_;
};

}  // namespace freshet::load
