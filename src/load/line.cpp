#include "load/line.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/cpu_step.h"
#include "base/crash_point.h"
#include "base/log.h"
#include "load/merge.h"
#include "load/system_tables.h"

namespace freshet::load {
namespace {

constexpr std::chrono::milliseconds kWaitForWatermark{50};
constexpr std::chrono::milliseconds kLookBehindEvery{1'000};
// A watermark that brings nothing moves the cut at most this often.
constexpr std::chrono::milliseconds kIdleCutEvery{200};
// Keys that wait for a row which no chunk had are reported again: whoever was asked may have gone.
constexpr std::chrono::seconds kReportUnresolvedEvery{15};
// After so many bytes the memory of all batches is added up.
constexpr std::size_t kLookAfterBytes = 1 << 20;

std::chrono::milliseconds since(const Clock& clock, SteadyTime then) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(clock.steady() - then);
}

std::string sweep_reason(const std::string& stream, const SweepQuestion& sweep) {
  const std::string found =
      fmt::format("{}: its last reading didn't see {} of its mirror's {} rows", stream, sweep.rows, sweep.of);
  return found + (sweep.state == SweepState::asked ? ", and asks before it takes them away"
                                                   : "; they go when the stream's next round is complete");
}

void show(const std::optional<Standing>& standing, bool filling, bool catches_up, const TableLoad& table,
          TableStatus& status) {
  const Quarantine& quarantine = table.quarantine();
  status.quarantined = quarantine.count();
  status.unswept = table.sweep().open() ? table.sweep().question()->rows : 0;
  status.catches_up = catches_up;
  status.reason.clear();
  status.hint.clear();
  if (filling) {
    status.state = StreamState::filling;
  } else if (standing) {
    status.state = standing->state;
    status.reason = standing->reason;
    status.hint = standing->hint;
  } else if (table.sweep().open()) {
    status.state = StreamState::unswept;
    status.reason = sweep_reason(table.mirror().stream, *table.sweep().question());
    status.hint = "look at the source, then: freshet sweep list";
  } else if (quarantine.any()) {
    status.state = StreamState::quarantined;
    status.reason = quarantine.first_cause().reason;
    status.hint = quarantine.first_cause().hint;
  } else {
    status.state = catches_up ? StreamState::catching_up : StreamState::running;
  }
}

}  // namespace

Load::Line::Line(Load& load, Lead& lead, const std::stop_token& stop)
    : load_(load),
      lead_(lead),
      stop_(stop),
      sessions_{.endpoint = load.endpoint_,
                .lead = lead,
                .board = load.board_,
                .clock = load.clock_,
                .encoding = load.options_.encoding,
                .answer_bytes_max = load.options_.answer_bytes_max},
      session_(sessions_, stop),
      inserters_(sessions_, load.options_.connections, stop),
      log_(session_, lead),
      states_(session_),
      context_{session_,
               inserters_,
               load.options_.on_unresolved,
               load.options_.walk_rows,
               load.options_.quarantine_bytes_max,
               load.options_.fill_bytes_max,
               load.options_.replay_rows,
               load.options_.sweep},
      pace_(load.options_.pace) {
  for (const contract::StreamContract& contract : load.contracts_) make_stream(make_mirror(contract));
}

Load::Line::~Line() {
  for (ReplayRequest& request : replays_)
    request.answer.set_exception(std::make_exception_ptr(
        Error(ErrorKind::transient, "load had to begin again before it was done; then it is replayed",
              "freshet quarantine list shows what is left")));
}

Load::Line::Stream& Load::Line::make_stream(Mirror mirror) {
  Stream& stream =
      *streams_.emplace_back(std::make_unique<Stream>(streams_.size(), std::move(mirror), context_));
  by_name_[stream.table.mirror().stream] = &stream;
  return stream;
}

void Load::Line::run() {
  Tables(session_).ensure(system_tables());
  recover();
  note_gaps();
  note_new_mirrors(0);
  prepare_tables();
  load_.board_.set_state(LoadState::running);
  if (const std::optional<Intent> open = log_.open_intent()) round(*open, true);
  while (!stop_.stop_requested()) {
    answer_requests();
    note_gaps();
    pass_broken_readings();
    hold_back();
    if (cut_ && (decided() || any_catches_up())) round({cut_->round + 1, cut_->mark}, false);
    answer_replays();
    const SteadyTime began = load_.clock_.steady();
    // A portion of what is late takes the place of all waiting.
    const bool waits = !any_catches_up();
    const auto next = load_.reader_.next(cut_ ? std::optional(cut_->mark) : std::nullopt, pace_.bytes(),
                                         waits ? kWaitForWatermark : std::chrono::milliseconds(0));
    look_behind();
    report_unresolved();
    if (!next) continue;
    hold_back();
    const bool idle = !brings_records(*next) && since(load_.clock_, mark_at_) < kIdleCutEvery;
    const std::uint64_t bytes = idle ? 0 : round({cut_ ? cut_->round + 1 : 1, *next}, false);
    if (waits) load_.clock_.sleep(pace_.wait_after(bytes, since(load_.clock_, began)), stop_);
  }
}

void Load::Line::prepare_tables() {
  session_.execute("CREATE DATABASE IF NOT EXISTS frozen");
  Tables there(session_);
  for (const auto& stream : streams_) prepare(there, *stream);
  drop_unfinished(session_);
}

// A mirror that isn't what its contract asks for stops its stream alone. False when it is so.
bool Load::Line::prepare(Tables& there, Stream& stream) {
  const Mirror& mirror = stream.table.mirror();
  try {
    there.ensure(tables_of(mirror), {live_view(mirror)});
    return true;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::schema) throw;
    log::error("mirror_differs", {{"stream", mirror.stream}, {"message", error.message()}});
    const StreamState state = stream.has_gap() ? StreamState::gap : StreamState::stopped;
    stream.stop_noted = stream.has_gap();
    if (stream.has_gap()) stream.table.stop({error.message(), error.hint()});
    const Standing now{state, mirror.stream + ": " + error.message(), error.hint()};
    if (!stream.standing || stream.standing->reason != now.reason) states_.write_standing(mirror.stream, now);
    stream.standing = now;
    return false;
  }
}

void Load::Line::recover() {
  cut_ = log_.last_cut();
  positions_ = cut_ ? cut_->positions() : journal::Ends();
  const std::map<std::string, Standing> standing = states_.read();
  const Books books = Books::read(session_);
  std::vector<TableStatus> status;
  for (const auto& stream : streams_) status.push_back(recover(*stream, standing, books));
  load_.board_.update([&](LoadStatus& all) {
    for (std::size_t i = 0; i < all.tables.size() && i < status.size(); ++i)
      status[i].rows = all.tables[i].rows;
    all.tables = std::move(status);
    all.term = lead_.term();
  });
  publish(std::chrono::milliseconds(0));
}

TableStatus Load::Line::recover(Stream& stream, const std::map<std::string, Standing>& standing,
                                const Books& books) {
  TableLoad& table = stream.table;
  table.restore(cut_ ? cut_->round : 0, books);
  const auto stands = standing.find(table.mirror().stream);
  if (stands != standing.end()) stream.standing = stands->second;
  stream.filling = stream.has_gap() && table.in_snapshot();
  TableStatus status;
  status.stream = table.mirror().stream;
  status.mirror = table.mirror().name();
  show(stream.standing, stream.filling, catches_up(stream), table, status);
  return status;
}

// The main path: from one cut to the next.
std::uint64_t Load::Line::round(const Intent& intent, bool repeated) {
  static const auto cpu = CpuStep::counter("read");
  const CpuStep step(cpu);
  const SteadyTime began = load_.clock_.steady();
  if (cut_ && intent.to.journal != cut_->mark.journal)
    throw Error(ErrorKind::identity,
                fmt::format("the mirrors were loaded from journal {}, this one is {}", cut_->mark.journal,
                            intent.to.journal),
                "bring the journal back, or start over: docs/runbook/snapshot-again.md");
  Reading reading{intent.to, intent.to.ends, {}, {}, {}, 0};
  hold_back();
  context_.round = intent.round;
  const bool moves_on = !is_reached(intent.to);
  const bool carries_out = !moves_on && decided();
  if (brings_records(intent.to) || carries_out) {
    log_.intend(intent);
    crash_point("intent");
    if (carries_out) carry_out();
    read(reading);
    finish_tables();
    crash_point("inserted");
    note_stopped(intent.round);
    note_filled();
  }
  const Cut cut = next_cut(intent, reading);
  const Durable<journal::Ends> ends = log_.record(cut);
  cut_ = cut;
  positions_ = ends.get();
  if (moves_on) mark_at_ = load_.clock_.steady();
  crash_point("cut_recorded");
  release(ends);
  crash_point("released");
  const std::chrono::milliseconds took = since(load_.clock_, began);
  if (moves_on) pace_.finished(reading.counts.bytes, took);
  log_.trim(intent.round);
  tell(RoundDone{intent.round, intent.to.commit_lsn, reading.counts, took, repeated});
  publish(took);
  return reading.counts.bytes;
}

// What was decided between two rounds, in a round that brings nothing else.
void Load::Line::carry_out() {
  replay();
  for (const auto& stream : streams_)
    if (stream->sweeps()) stream->table.carry_out_sweep();
}

bool Load::Line::decided() const {
  return replay_wanted() ||
         std::ranges::any_of(streams_, [](const auto& stream) { return stream->sweeps(); });
}

bool Load::Line::brings_records(const journal::Watermark& to) const {
  return std::ranges::any_of(to.ends, [&](const auto& end) {
    const auto stream = by_name_.find(end.first.stream);
    if (stream == by_name_.end() || !takes_part(*stream->second, to)) return false;
    const auto stands = positions_.find(end.first);
    return end.second > (stands == positions_.end() ? journal::Offset() : stands->second);
  });
}

void Load::Line::read(Reading& reading) {
  pass_over_lost();
  std::map<std::string, journal::Ends> several;  // partitions of streams with more than one
  journal::Ends single;
  journal::Ends late;
  for (auto end = reading.to.ends.begin(); end != reading.to.ends.end();) {
    const std::string& stream = end->first.stream;
    journal::Ends partitions;
    for (; end != reading.to.ends.end() && end->first.stream == stream; ++end) partitions.insert(*end);
    const auto known = by_name_.find(stream);
    if (known == by_name_.end() || !takes_part(*known->second, reading.to)) continue;
    const StreamCut cut = cut_ ? cut_->of(stream) : StreamCut();
    for (const auto& [partition, offset] : partitions)
      reading.positions.emplace(partition, StreamPosition(cut.epoch, cut.commit_lsn, cut.committed_at));
    if (partitions.size() == 1)
      (is_late(*known->second) ? late : single).merge(partitions);
    else
      several.emplace(stream, std::move(partitions));
  }
  try {
    read(reading, single, several);
    for (const auto& [partition, end] : late)
      read_portion(reading, *by_name_.at(partition.stream), partition,
                   std::max<std::uint64_t>(load_.options_.catch_up_bytes / late.size(), 1));
  } catch (const Error& error) {
    // Retention was faster than a stream that was late: it stands from now on, the others try again.
    if (error.kind() != ErrorKind::identity || !note_gaps()) throw;
    throw Error(ErrorKind::transient, error.message(), error.hint());
  }
}

void Load::Line::read(Reading& reading, const journal::Ends& single,
                      const std::map<std::string, journal::Ends>& several) {
  for (const auto& [stream, partitions] : several) load_.reader_.expect(positions_, partitions);
  load_.reader_.read(positions_, single,
                     [&](const Change& change, const journal::Partition& partition, journal::Offset) {
                       if (passes(reading, change, partition)) take(reading, *recent_, change);
                     });
  for (const auto& [stream, partitions] : several)
    read_merged(
        load_.reader_, positions_, partitions,
        [&](const Change& change, const journal::Partition& partition) {
          return passes(reading, change, partition);
        },
        [&](const Change& change) { take(reading, *by_name_.at(stream), change); });
}

bool Load::Line::passes(Reading& reading, const Change& change, const journal::Partition& partition) {
  ++reading.counts.records;
  if (recent_ == nullptr || recent_->table.mirror().stream != partition.stream)
    recent_ = find(partition.stream);
  if (!recent_->reads()) return false;
  try {
    switch (reading.positions.at(partition).judge(change, reading.to)) {
      case Fate::apply: return true;
      case Fate::redelivery: ++reading.counts.redelivered; return false;
      case Fate::leftover: ++reading.counts.leftovers; return false;
    }
  } catch (const Error& error) {
    recent_->table.stop({error.message(), error.hint()});
  }
  return false;
}

void Load::Line::take(Reading& reading, Stream& stream, const Change& change) {
  if (passes_over(stream, change)) return;
  const std::size_t bytes = change.old.size() + change.row.size() + sizeof(Change);
  reading.counts.bytes += bytes;
  reading.bytes_since_look += bytes;
  stream.table.take(change);
  if (reading.bytes_since_look >= kLookAfterBytes) keep_within_memory(reading);
}

void Load::Line::keep_within_memory(Reading& reading) {
  std::size_t all = 0;
  std::size_t kept = 0;
  Stream* largest = streams_.front().get();
  for (const auto& stream : streams_) {
    all += stream->table.pending_bytes();
    kept += stream->table.kept_bytes();
    if (stream->table.pending_bytes() > largest->table.pending_bytes()) largest = stream.get();
  }
  if (all > load_.options_.batch_bytes_max) {
    if (largest->table.within_key_change()) return;  // at the next record
    largest->table.flush();
  }
  // Of many tables each may have grown to the size of a batch.
  if (kept > 2 * load_.options_.batch_bytes_max)
    for (const auto& stream : streams_) stream->table.release_buffers();
  reading.bytes_since_look = 0;
  if (stop_.stop_requested()) throw Error(ErrorKind::cancelled, "stopped within a round");
}

// All inserts are under way before the first snapshot's end waits for its own.
void Load::Line::finish_tables() {
  for (const auto& stream : streams_) stream->table.flush();
  for (const auto& stream : streams_) stream->table.end_round();
  inserters_.wait_all();
  for (const auto& stream : streams_) {
    const std::optional<Error> failure = inserters_.wait(stream->table.index());
    if (failure)
      stream->table.stop({stream->table.mirror().stream + ": " + failure->message(), failure->hint()});
    stream->table.publish_floor();
  }
}

// A stream that stopped within this round stands where it stood before it, also in what it has noted.
void Load::Line::note_stopped(std::uint64_t round) {
  for (const auto& stream : streams_) {
    if (stream->stop_noted || !stream->table.stopped()) continue;
    stream->stop_noted = true;
    const Verdict& verdict = *stream->table.stopped();
    const StreamState state = stream->has_gap() ? StreamState::gap : StreamState::stopped;
    stream->standing = Standing{state, verdict.reason, verdict.hint};
    if (stream->filling) note_broken_reading(*stream);
    stream->filling = false;
    stream->table.restore(round - 1);
    states_.write_standing(stream->table.mirror().stream, *stream->standing);
  }
}

Cut Load::Line::next_cut(const Intent& intent, const Reading& reading) const {
  Cut cut{intent.round, intent.to, {}, {}};
  const auto stands = [&](const std::string& stream) -> StreamCut& {
    return cut.behind[stream] = cut_ ? cut_->of(stream) : StreamCut();
  };
  for (const auto& stream : streams_) {
    const bool late = remains_late(*stream, reading);
    if (stream->runs() && stream->reads() && !late) continue;
    StreamCut& behind = stands(stream->table.mirror().stream);
    if (stream->reads() && (!late || is_reached(intent.to))) move_on(*stream, reading, behind);
  }
  for (const auto& [partition, offset] : intent.to.ends)
    if (!by_name_.contains(partition.stream)) stands(partition.stream);
  for (const auto& stream : streams_)
    if (stream->table.in_part()) {
      const std::string& name = stream->table.mirror().stream;
      cut.in_part[name] = cut_ ? cut_->whole(name) : StreamCut();
      cut.in_part[name].ends.clear();
    }
  return cut;
}

void Load::Line::release(const Durable<journal::Ends>& ends) {
  std::set<std::string> held;
  for (const auto& [name, cut] : cut_->behind) {
    const Stream* stream = find(name);
    if (stream == nullptr || !stream->reads()) held.insert(name);
  }
  load_.reader_.release(ends, held);
}

void Load::Line::publish(std::chrono::milliseconds took) {
  for (const auto& stream : streams_) {
    const TableLoad& table = stream->table;
    TableProgress progress{table.mirror().name(),      0, table.nulled() - stream->nulled, table.waiting(),
                           table.quarantine().count(), 0};
    stream->nulled = table.nulled();
    load_.board_.update([&](LoadStatus& all) {
      TableStatus& status = all.tables[table.index()];
      progress.rows = status.rows - status.rows_told;
      status.rows_told = status.rows;
      show(stream->standing, stream->filling, catches_up(*stream), table, status);
      progress.unswept = status.unswept;
      status.in_snapshot = table.in_snapshot();
      status.snapshot_loaded = table.snapshot_loaded();
      status.waiting = table.waiting();
      status.nulled = table.nulled();
      const StreamCut cut = cut_ ? cut_->whole(table.mirror().stream) : StreamCut();
      status.cut = cut.commit_lsn;
      status.cut_committed_at = cut.committed_at;
    });
    tell(progress);
  }
  load_.board_.update([&](LoadStatus& all) {
    if (!cut_) return;
    all.round = cut_->round;
    all.cut = cut_->mark.commit_lsn;
    all.cut_committed_at = cut_->mark.committed_at;
    all.positions = positions_;
    all.last_round = took;
  });
}

// Whether a backlog lies ahead.
void Load::Line::look_behind() {
  if (since(load_.clock_, looked_at_) < kLookBehindEvery) return;
  looked_at_ = load_.clock_.steady();
  const auto newest = load_.reader_.next(cut_ ? std::optional(cut_->mark) : std::nullopt, ~std::uint64_t{0},
                                         std::chrono::milliseconds(0));
  load_.board_.update(
      [&](LoadStatus& all) { all.draining = any_catches_up() || (newest && brings_records(*newest)); });
  tell(StreamsStanding{
      static_cast<std::size_t>(std::ranges::count_if(streams_, [](const auto& s) { return !s->runs(); }))});
}

void Load::Line::report_unresolved() {
  if (since(load_.clock_, reported_at_) < kReportUnresolvedEvery) return;
  reported_at_ = load_.clock_.steady();
  for (const auto& stream : streams_)
    if (stream->runs()) stream->table.report_unresolved();
}

Load::Line::Stream* Load::Line::find(const std::string& stream) {
  const auto known = by_name_.find(stream);
  return known == by_name_.end() ? nullptr : known->second;
}

}  // namespace freshet::load
