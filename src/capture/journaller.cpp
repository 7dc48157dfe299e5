#include "capture/journaller.h"

#include <algorithm>

#include "base/cpu_step.h"
#include "base/crash_point.h"
#include "base/log.h"
#include "capture/binding.h"

namespace freshet::capture {
namespace {

// Of a spooled transaction between two looks at the clock and the stop request.
constexpr std::uint64_t kSliceBytes = 1 << 20;

Lsn passed_at_start(const JournalPort& journal, const Notes& notes) {
  const Lsn below_the_slot(notes.consistent_point.value() -
                           1);  // what commits at the point itself is streamed
  return journal.last() ? std::max(journal.last()->commit_lsn, below_the_slot) : below_the_slot;
}

}  // namespace

Journaller::Journaller(const JournallerOptions& options, JournalPort journal, Notes notes,
                       Relations& relations, TakeChunk take, StatusBoard& board, const Clock& clock)
    : options_(options),
      journal_(journal),
      notes_(std::move(notes)),
      appender_(journal, relations, notes_.slot_generation, passed_at_start(journal, notes_),
                journal.last() ? journal.last()->committed_at : 0),
      relations_(relations),
      take_(std::move(take)),
      board_(board),
      clock_(clock) {
  // What changes while a stream isn't wanted is not journalled: when it comes back it is read anew. Kept with
  // the first seal, so before anything more is confirmed.
  const auto unwanted = [&](const std::string& stream) { return !relations.wanted().contains(stream); };
  notes_changed_ =
      std::erase_if(notes_.snapshots, [&](const auto& progress) { return unwanted(progress.first); }) > 0;
  notes_changed_ = std::erase_if(notes_.again, unwanted) > 0 || notes_changed_;
  std::erase_if(notes_.bindings, [&](const auto& binding) { return unwanted(binding.first); });
  for (const auto& [stream, key] : relations.wanted())
    if (!notes_.snapshots.contains(stream) || notes_.again.contains(stream)) appender_.will_be_read(stream);
}

void Journaller::read_again(const std::string& stream) {
  read_once_more(stream);
  appender_.will_be_read(stream);
}

// Nothing is announced yet: what comes of the reading under way would count as one that has been given up.
void Journaller::read_once_more(const std::string& stream) {
  notes_.again.insert(stream);
  notes_changed_ = true;
}

void Journaller::bind(const std::string& stream, std::string binding) {
  notes_.bindings[stream] = std::move(binding);
  notes_changed_ = true;
}

void Journaller::unbind(const std::string& stream, std::string_view because) {
  std::string& binding = notes_.bindings.at(stream);
  if (binding == kPassedOver) return;
  log::warn("changes_passed_over", {{"stream", stream}, {"because", because}});
  binding = kPassedOver;
  notes_changed_ = true;
}

// In the seal that lets their changes go: a table of ours that has another name for a while, as seen in the
// stream, whatever it is called when somebody looks.
void Journaller::unbind_passed_over() {
  const std::set<pgoutput::Oid> passed_over = appender_.take_passed_over();
  if (passed_over.empty()) return;
  for (const auto& [stream, binding] : notes_.bindings)
    if (passed_over.contains(bound_table(binding))) unbind(stream, "its table had another name");
}

void Journaller::keep_notes() {
  notes_changed_ = true;
  seal();
}

void Journaller::run(HandOver& hand_over, std::stop_token stop) {
  appender_.restart(notes_.heartbeat);
  if (durable_) hand_over.set_durable(*durable_);
  board_.update([](CaptureStatus& status) { status.state = CaptureState::streaming; });
  static const auto cpu = CpuStep::counter("decode");
  while (!stop.stop_requested()) {
    const CpuStep step(cpu);
    wait_for_room(hand_over, stop);
    if (auto batch = next_batch(hand_over)) {
      apply(*batch, hand_over, stop);
      if (clock_.steady() - chunk_at_ >= options_.chunk_interval) more_chunks_ = take_chunk();
    } else {
      more_chunks_ = take_chunk();
    }
    between_transactions(hand_over);
  }
  if (something_to_seal()) seal();
}

// The end of the connection comes after everything that was received before it.
std::optional<Batch> Journaller::next_batch(HandOver& hand_over) {
  auto wait = options_.tick;
  if (more_chunks_) {
    wait = std::chrono::milliseconds(0);
  } else if (something_to_seal()) {
    const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.steady() - sealed_at_);
    wait = std::clamp(options_.tick - since, std::chrono::milliseconds(0), options_.tick);
  }
  try {
    return hand_over.pop(wait);
  } catch (...) {
    if (something_to_seal()) seal();
    throw;
  }
}

void Journaller::apply(Batch& batch, HandOver& hand_over, std::stop_token stop) {
  for (FrameReader frames(batch.frames); !frames.at_end();) {
    appender_.apply(frames.next());
    if (!appender_.in_transaction()) between_transactions(hand_over);
  }
  if (batch.transaction != nullptr) {
    appender_.begin(batch.commit);
    while (!appender_.apply_slice(*batch.transaction, kSliceBytes)) {
      if (stop.stop_requested()) return;  // half of it: unsealed, so it comes again
    }
  }
  appender_.sent_below(batch.sent_below);
}

void Journaller::between_transactions(HandOver& hand_over) {
  if (!seal_due()) return;
  seal();
  if (durable_) hand_over.set_durable(*durable_);
}

bool Journaller::take_chunk() {
  if (take_ == nullptr || !appender_.settled()) return false;
  auto chunk = take_(appender_.passed());
  if (!chunk) return false;
  appender_.append(*chunk);
  chunk_schemas_.push_back(chunk->schema);
  chunk_at_ = clock_.steady();
  if (chunk->progress.empty()) return true;
  if (chunk->first && !chunk->once_more) notes_.again.erase(chunk->stream);
  if (chunk->last && chunk->once_more) appender_.will_be_read(chunk->stream);
  notes_.snapshots[chunk->stream] = std::move(chunk->progress);
  notes_changed_ = true;
  return true;
}

// The journal's limit is reached: the receive thread will stop reading for want of room, and tell the server
// that we live. What is appended is sealed, so that load can release it.
void Journaller::wait_for_room(HandOver& hand_over, std::stop_token stop) {
  if (!appender_.settled() || journal_.room() > 0) return;
  log::warn("capture_journal_full", {{"journalled_lsn", to_string(appender_.passed())}});
  while (!stop.stop_requested() && journal_.room() == 0) {
    if (something_to_seal()) seal();
    if (durable_) hand_over.set_durable(*durable_);
    board_.update([](CaptureStatus& status) { status.state = CaptureState::journal_full; });
    publish_metrics();
    clock_.sleep(options_.tick, stop);
  }
  board_.update([](CaptureStatus& status) { status.state = CaptureState::streaming; });
  log::info("capture_journal_has_room");
}

bool Journaller::something_to_seal() const {
  if (!appender_.settled()) return false;
  const bool beat = appender_.heartbeat() && appender_.heartbeat() != notes_.heartbeat;
  return notes_changed_ || beat || appender_.appended_bytes() != sealed_bytes_ ||
         appender_.marks() != sealed_marks_;
}

bool Journaller::seal_due() const {
  if (!something_to_seal()) return false;
  return appender_.appended_bytes() - sealed_bytes_ >= options_.seal_bytes ||
         clock_.steady() - sealed_at_ >= options_.tick;
}

void Journaller::seal() {
  const SteadyTime began = clock_.steady();
  unbind_passed_over();
  if (appender_.heartbeat() && appender_.heartbeat() != notes_.heartbeat) {
    notes_.heartbeat = appender_.heartbeat();
    notes_changed_ = true;
  }
  if (notes_changed_) {
    crash_point("noting");
    journal_.keep(encode(notes_));
    crash_point("noted");
  }
  const Durable<journal::Watermark> sealed = journal_.seal(appender_.passed(), appender_.committed_at());
  crash_point("journalled");
  // One heartbeat behind: it comes again after a restart, and shows that the source is the one we left.
  if (notes_.heartbeat && notes_.heartbeat->commit_lsn <= sealed.get().commit_lsn)
    durable_ = confirm(notes_.heartbeat->commit_lsn);
  notes_changed_ = false;
  chunk_schemas_.clear();
  sealed_bytes_ = appender_.appended_bytes();
  sealed_marks_ = appender_.marks();
  sealed_at_ = clock_.steady();
  ++seals_;
  metrics_.sealed(std::chrono::duration<double>(sealed_at_ - began).count());
  publish(sealed.get());
}

void Journaller::publish(const journal::Watermark& sealed) {
  board_.update([&](CaptureStatus& status) {
    status.journalled = sealed.commit_lsn;
    status.committed_at = sealed.committed_at;
    status.transactions = appender_.transactions();
    status.seals = seals_;
    status.journal_cpu_seconds = thread_cpu_seconds();
    status.streams = relations_.counts();
  });
  publish_metrics();
}

void Journaller::publish_metrics() {
  metrics_.publish(board_.read(), clock_.steady());
}

}  // namespace freshet::capture
