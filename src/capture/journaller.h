// The journal thread: takes batches from the receive thread and finished snapshot chunks, appends them, seals
// every tick (sooner by size), and says what may be confirmed. The only one that touches the journal.
//
// Seals only between transactions: a watermark's records are whole transactions, so nothing of one that isn't
// finished may lie below it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "capture/appender.h"
#include "capture/capture_metrics.h"
#include "capture/status.h"

namespace freshet::capture {

struct JournallerOptions {
  std::chrono::milliseconds tick{50};  // between two seals
  std::uint64_t seal_bytes = 8 << 20;  // appended: seal at the next end of a transaction
  std::chrono::milliseconds chunk_interval{
      200};  // a chunk is taken at least so often, however busy the stream
};

// Snapshotter::take().
using TakeChunk = std::function<std::optional<FinishedChunk>(Lsn passed)>;

class Journaller : DurabilityWitness<Journaller> {
 public:
  // `notes`: of a slot that is ours.
  Journaller(const JournallerOptions& options, JournalPort journal, Notes notes, Relations& relations,
             TakeChunk take, StatusBoard& board, const Clock& clock);

  // Keeps the notes durably; before anything is streamed.
  void keep_notes();
  const Notes& notes() const { return notes_; }
  bool notes_are_durable() const { return !notes_changed_; }

  // While a chunk is asked for: the stream will be read from its beginning, by a successor of ours if need
  // be. Its V is taken later than now.
  void read_again(const std::string& stream);
  // The same, after the reading that is under way.
  void read_once_more(const std::string& stream);

  // While a chunk is asked for: what the stream is bound to from now on; durable with the next seal.
  void bind(const std::string& stream, std::string binding);
  // The same: to nothing any more, since changes of its table aren't there. Once is enough.
  void unbind(const std::string& stream, std::string_view because);

  // One connection: until stopped, or until what ended the receive thread comes out here. What could be
  // sealed is sealed then.
  void run(HandOver& hand_over, std::stop_token stop);

  // Also while nothing is sealed, by whoever waits: that is when they are looked at.
  void publish_metrics();

 private:
  std::optional<Batch> next_batch(HandOver& hand_over);
  void apply(Batch& batch, HandOver& hand_over, std::stop_token stop);
  void between_transactions(HandOver& hand_over);
  bool take_chunk();  // false: none is finished
  void wait_for_room(HandOver& hand_over, std::stop_token stop);
  void unbind_passed_over();
  bool something_to_seal() const;
  bool seal_due() const;
  void seal();
  void publish(const journal::Watermark& sealed);

  const JournallerOptions options_;
  JournalPort journal_;
  Notes notes_;
  Appender appender_;
  const Relations& relations_;
  const TakeChunk take_;
  StatusBoard& board_;
  const Clock& clock_;
  CaptureMetrics metrics_;

  // Since the last seal.
  bool notes_changed_ = false;
  std::vector<std::shared_ptr<const TableSchema>> chunk_schemas_;  // the journal may still look at them
  std::uint64_t sealed_bytes_ = 0;                                 // appender_.appended_bytes() then
  std::uint64_t sealed_marks_ = 0;
  SteadyTime sealed_at_;
  SteadyTime chunk_at_;
  bool more_chunks_ = false;  // there may be: they aren't waited for
  std::uint64_t seals_ = 0;
  std::optional<Durable<Lsn>> durable_;  // what may be confirmed
};

}  // namespace freshet::capture
