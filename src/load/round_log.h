// RoundLog: the rounds that load began (freshet.intents) and finished (freshet.cuts). The position of every
// stream is what the last cut says, nothing else. Load's thread.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/durable.h"
#include "journal/position.h"
#include "load/session.h"

namespace freshet::load {

// How far one stream's mirror is whole.
struct StreamCut {
  Epoch epoch = 0;
  Lsn commit_lsn = {};
  Micros committed_at = 0;
  journal::Ends ends = {};  // its own partitions'
};

struct Cut {
  std::uint64_t round = 0;
  journal::Watermark mark;                  // of the journal, as it was read to
  std::map<std::string, StreamCut> behind;  // streams that stand below it
  // Streams of which the mirror has a part only, above where it was last whole (without ends): the rest is in
  // quarantine, or waits for rows that are read by their keys.
  std::map<std::string, StreamCut> in_part;

  // A stream that the mark doesn't name begins at nothing, wherever the others are.
  StreamCut of(const std::string& stream) const;
  // Up to where a stream's mirror is whole.
  StreamCut whole(const std::string& stream) const;
  // Of every stream's partitions.
  journal::Ends positions() const;
};

struct Intent {
  std::uint64_t round = 0;
  journal::Watermark to;
};

class RoundLog : private DurabilityWitness<RoundLog> {
 public:
  RoundLog(Session& session, const Lead& lead) : session_(session), lead_(lead) {}

  // Nothing: no round was ever finished.
  std::optional<Cut> last_cut();
  // A round that was begun and not finished: it comes first, to the same watermark.
  std::optional<Intent> open_intent();

  // Both check in their own statement that our term is the highest; Error{identity} when it isn't.
  void intend(const Intent& intent);
  Durable<journal::Ends> record(const Cut& cut);

  // Drops what is older than the last two partitions of rounds.
  void trim(std::uint64_t round);

 private:
  std::optional<Intent> newest(const char* table);
  Micros committed_at(const StreamCut& cut);
  void write(const char* table, std::uint64_t round, const journal::Watermark& mark,
             const std::string& columns, const std::string& values);

  Session& session_;
  const Lead& lead_;
};

}  // namespace freshet::load
