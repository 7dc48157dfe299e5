// The journal as the journal thread uses it. Whatever the writer throws comes out as JournalFailure: it is of
// no more use then, and connecting to the source again mends nothing.
#pragma once

#include <limits>
#include <string>
#include <utility>

#include "journal/journal.h"

namespace freshet::capture {

class JournalFailure : public Error {
 public:
  explicit JournalFailure(const Error& cause) : Error(cause.kind(), cause.message(), cause.hint()) {}
};

class JournalPort {
 public:
  explicit JournalPort(journal::Writer& writer) : writer_(writer) {}

 private:
  template <class Work>
  static auto guarded(const Work& work) {
    try {
      return work();
    } catch (const Error& error) {
      throw JournalFailure(error);
    }
  }

 public:
  std::uint64_t room() {
    return guarded([&] { return writer_.room(); });
  }
  void append(const Change& change) {
    try {
      writer_.append(change);
    } catch (const Error& error) {
      throw JournalFailure(error);
    }
  }
  void keep(std::string notes) {
    guarded([&] { writer_.keep(std::move(notes)); });
  }
  Durable<journal::Watermark> seal(Lsn commit_lsn, Micros committed_at) {
    return guarded([&] { return writer_.seal(commit_lsn, committed_at); });
  }
  // What is appended from here on is newer than all before, whatever its LSN.
  void raise_epoch() {
    constexpr Epoch kLast = std::numeric_limits<Epoch>::max();
    const Epoch now = last() ? last()->epoch : Epoch{0};
    if (now == kLast)
      throw JournalFailure(Error(ErrorKind::capacity,
                                 "the source of this journal has changed as often as it can",
                                 "start over: docs/runbook/snapshot-again.md"));
    guarded([&] { writer_.set_epoch(static_cast<Epoch>(now + 1)); });
  }
  const std::optional<journal::Watermark>& last() const { return writer_.last(); }
  const std::string& kept() const { return writer_.kept(); }

 private:
  journal::Writer& writer_;
};

}  // namespace freshet::capture
