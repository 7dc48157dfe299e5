// The journal: the durable, partitioned log of streams between capture and load. One interface for the
// embedded journal and for Kafka; both pass the suite in tests/journal.
//
// Capture's side appends changes and seals them with a watermark; load's side reads exactly from one
// watermark's ends to the next one's, so that it sees whole transactions. The two may be in different
// processes.
//
// Leftovers of a capture that died lie between: half of a transaction, which comes again, whole, from its
// successor. So load drops what commits above the watermark it reads to when it is of an older generation
// (load/, "rounds").
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>

#include "base/durable.h"
#include "journal/position.h"

namespace freshet::journal {

// One per journal; owned and called by capture's journal thread only. Opening one starts a new generation and
// supersedes every writer before it.
class Writer {
 public:
  virtual ~Writer() = default;

  virtual Generation generation() const = 0;
  // The newest watermark of any generation, as found at opening or sealed since. Nothing: the journal is new.
  virtual const std::optional<Watermark>& last() const = 0;

  // Bytes that may still be appended before the journal's limit; 0: full, wait for load to release. May free
  // what load has released. Ask between transactions: append() refuses nothing for the limit, so that a
  // transaction larger than what is left isn't cut in two.
  virtual std::uint64_t room() = 0;

  // Takes a copy. The change's generation and epoch are set by the writer. Not durable, and not visible to
  // readers, before a seal. Its schema is known by its address until the next seal: it must stay there,
  // unchanged, until then. Throws Error{transient|capacity} when it can't; the writer is then of no more use.
  virtual void append(const Change& change) = 0;

  // Makes everything appended so far durable, then publishes the watermark. `commit_lsn`: every change of
  // every transaction that committed at or below it has been appended. Never lower than the last one of this
  // epoch.
  virtual Durable<Watermark> seal(Lsn commit_lsn, Micros committed_at) = 0;

  // Capture's own notes (snapshot progress, the source's identity): the text kept last is found again at
  // opening. Durable with the next seal.
  virtual void keep(std::string notes) = 0;
  virtual const std::string& kept() const = 0;

  // The epoch of all changes from now on; kept durably with the next seal.
  virtual void set_epoch(Epoch epoch) = 0;
};

// A record and where it stands. The change borrows from the reader's buffers: valid during the call only. Its
// schema stays as long as the reader, one address for each shape that capture announced.
using Visitor = std::function<void(const Change& change, const Partition& partition, Offset offset)>;
// Likewise; says false to have no more of the range, from this record on.
using Taker = std::function<bool(const Change& change, Offset offset)>;

// One per journal; owned and called by load's thread only.
class Reader {
 public:
  virtual ~Reader() = default;

  // The newest watermark above `after` (nothing: the first ones) up to which there are at most `max_bytes` of
  // records, and at least the next one. Nothing when there is none within `wait`.
  virtual std::optional<Watermark> next(const std::optional<Watermark>& after, std::uint64_t max_bytes,
                                        std::chrono::milliseconds wait) = 0;

  // These ranges are read next: what has far to come may set out.
  virtual void expect(const Ends& /*from*/, const Ends& /*to*/) {}

  // Visits every record from `from` up to, without, `to`, in order within each partition; partitions that
  // `to` doesn't name, or for which `only` (where given) says false, are left out. Throws Error{identity}
  // when records of the range are no longer there, Error{data} when they are damaged.
  virtual void read(const Ends& from, const Ends& to, const Visitor& visit,
                    const std::function<bool(const std::string& stream)>& only = {}) = 0;
  // Likewise of one partition, until `take` has had enough.
  virtual void read_while(const Partition& partition, Offset from, Offset to, const Taker& take) = 0;

  // Records below `ends` are needed no more. `held` streams don't run: they may keep at most a fifth of the
  // journal, and lose what is beyond (see gaps()). A stream that `ends` doesn't name and that isn't held
  // keeps everything.
  virtual void release(const Durable<Ends>& ends, const std::set<std::string>& held) = 0;

  // Streams that lost records which were never read, with where those that are left begin. Only a snapshot
  // with a sweep mends one.
  virtual Ends gaps() const = 0;

  // For the status: bytes held, and the limit.
  virtual std::uint64_t bytes() const = 0;
  virtual std::uint64_t limit() const = 0;
};

}  // namespace freshet::journal
