// From messages to changes in the journal, in commit order. Knows which transaction it is in, drops what is
// in the journal already, and recognises capture's own signals. Owned by the journal thread.
//
// The first transaction of a connection must be the heartbeat that was confirmed last: the server sends it
// again, and its nonce shows that this is the WAL we left.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "capture/hand_over.h"
#include "capture/journal_port.h"
#include "capture/notes.h"
#include "capture/relations.h"
#include "capture/signals.h"
#include "capture/snapshot.h"

namespace freshet::capture {

class Appender {
 public:
  // `passed`: every transaction that committed at or below it is in the journal; the last one at `passed_at`.
  Appender(JournalPort journal, Relations& relations, std::string slot_generation, Lsn passed,
           Micros passed_at);

  // A new connection. `expected`: nothing while the slot has never been confirmed.
  void restart(std::optional<HeartbeatNote> expected);

  // A message outside of stream blocks.
  void apply(const Frame& frame);
  // A streamed transaction that committed, one call for a slice of it; true when it is whole.
  void begin(const pgoutput::StreamCommit& commit);
  bool apply_slice(SpooledTransaction& transaction, std::uint64_t bytes);
  // Everything that committed below `lsn` has been applied.
  void sent_below(Lsn lsn);

  // A snapshot of the stream is to begin, its V taken later than now. Should a change come sooner, it is
  // announced before that: the mirror may have rows of an earlier time, which must not give what the change
  // leaves out; and whoever lacks changes up to now knows that from there on it lacks none.
  void will_be_read(const std::string& stream);
  // Between transactions only.
  void append(FinishedChunk& chunk);

  // True, too, after half of a transaction was appended on a connection that is gone, until it came again.
  bool in_transaction() const { return open_ || torn_ > passed_; }
  // What was appended may be sealed: nothing of it is half a transaction, and the source has proved to be
  // ours.
  bool settled() const { return !in_transaction() && !expected_; }
  Lsn passed() const { return passed_; }
  Micros committed_at() const { return passed_at_; }  // of the last transaction that was applied; 0: none
  // The newest heartbeat at or below passed().
  const std::optional<HeartbeatNote>& heartbeat() const { return heartbeat_; }
  // Since the object was made; what was dropped as known isn't counted.
  std::uint64_t appended_bytes() const { return appended_bytes_; }
  std::uint64_t marks() const { return marks_; }  // that somebody waits for
  std::uint64_t transactions() const { return transactions_; }
  // Relations that aren't wanted, and had changes since this was asked last.
  std::set<pgoutput::Oid> take_passed_over();

 private:
  void apply(const Frame& frame, pgoutput::Block block);
  void open(Lsn commit_lsn, Micros committed_at, pgoutput::Xid xid);
  void close();

  void on(const pgoutput::Begin& begin);
  void on(const pgoutput::Commit& commit);
  void on(const pgoutput::Relation& relation);
  void on(const pgoutput::Insert& insert);
  void on(const pgoutput::Update& update);
  void on(const pgoutput::Delete& removal);
  void on(const pgoutput::Truncate& truncate);
  void on(const pgoutput::Message& message);
  void on(const pgoutput::Origin&) {}
  void on(const pgoutput::Type&) {}
  template <class Unexpected>
  void on(const Unexpected&);

  void on_beat(const Beat& beat);
  void on_canary(const Canary& canary);

  const KnownRelation* wanted(pgoutput::Oid oid);
  void require_columns(const KnownRelation& relation, const pgoutput::Tuple& tuple) const;
  void announce_snapshot(const KnownRelation& relation, Lsn above);
  bool unread_before(const FinishedChunk& chunk);
  void write(Op op, const KnownRelation& relation, std::string_view old, std::string_view row);
  Change change(Op op, const TableSchema& schema) const;

  JournalPort journal_;
  Relations& relations_;
  const std::string slot_generation_;

  // The transaction being applied.
  bool open_ = false;
  bool known_ = false;  // it is in the journal already
  Lsn commit_lsn_;
  Micros committed_at_ = 0;
  pgoutput::Xid xid_ = 0;
  std::optional<Beat> beat_;
  Lsn change_lsn_;                  // of the message being applied
  std::uint64_t change_bytes_ = 0;  // likewise
  std::string filled_;              // a row completed from its old image

  // Streams whose snapshot has neither begun nor been announced, and a position above everything that had
  // been applied when it was asked for: at or below its V.
  std::map<std::string, Lsn> unread_;

  Lsn torn_;  // the commit LSN of a transaction of which half may have been appended
  Lsn passed_;
  Micros passed_at_ = 0;
  std::optional<HeartbeatNote> heartbeat_;
  std::optional<HeartbeatNote> expected_;
  std::uint64_t appended_bytes_ = 0;
  std::uint64_t marks_ = 0;
  std::uint64_t transactions_ = 0;
  std::set<pgoutput::Oid> passed_over_;
  pgoutput::Oid last_passed_over_ = 0;
};

}  // namespace freshet::capture
