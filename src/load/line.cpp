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

void show(const std::optional<Standing>& standing, TableStatus& status) {
  status.state = standing ? standing->state : StreamState::running;
  status.reason = standing ? standing->reason : "";
  status.hint = standing ? standing->hint : "";
}

}  // namespace

Load::Line::Line(Load& load, Lead& lead, const std::stop_token& stop)
    : load_(load),
      lead_(lead),
      stop_(stop),
      sessions_{load.endpoint_, lead, load.board_, load.clock_, load.options_.encoding},
      session_(sessions_, stop),
      inserters_(sessions_, load.options_.connections, stop),
      log_(session_, lead),
      states_(session_),
      context_{session_, inserters_, load.options_.on_unresolved},
      pace_(load.options_.pace) {
  std::size_t index = 0;
  for (const contract::StreamContract& contract : load.contracts_) {
    streams_.push_back(std::make_unique<Stream>(index++, make_mirror(contract), context_));
    by_name_[streams_.back()->table.mirror().stream] = streams_.back().get();
  }
}

void Load::Line::run() {
  Tables(session_).ensure(system_tables());
  recover();
  note_gaps();
  note_new_mirrors();
  prepare_tables();
  load_.board_.set_state(LoadState::running);
  if (const std::optional<Intent> open = log_.open_intent()) round(*open, true);
  while (!stop_.stop_requested()) {
    answer_requests();
    note_gaps();
    const SteadyTime began = load_.clock_.steady();
    const auto next =
        load_.reader_.next(cut_ ? std::optional(cut_->mark) : std::nullopt, pace_.bytes(), kWaitForWatermark);
    look_behind();
    report_unresolved();
    if (!next) continue;
    const bool idle = !brings_records(*next) && since(load_.clock_, cut_at_) < kIdleCutEvery;
    const std::uint64_t bytes = idle ? 0 : round({cut_ ? cut_->round + 1 : 1, *next}, false);
    load_.clock_.sleep(pace_.wait_after(bytes, since(load_.clock_, began)), stop_);
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
    if (stream.standing && stream.standing->state == StreamState::gap) return false;
    stream.standing = Standing{StreamState::stopped, mirror.stream + ": " + error.message(), error.hint()};
    return false;
  }
}

void Load::Line::recover() {
  cut_ = log_.last_cut();
  positions_ = cut_ ? cut_->positions() : journal::Ends();
  std::map<std::string, Standing> standing = states_.read();
  std::vector<TableStatus> status;
  for (const auto& stream : streams_) {
    TableLoad& table = stream->table;
    table.restore(cut_ ? cut_->round : 0);
    const auto stands = standing.find(table.mirror().stream);
    if (stands != standing.end()) stream->standing = stands->second;
    TableStatus& one = status.emplace_back();
    one.stream = table.mirror().stream;
    one.mirror = table.mirror().name();
    show(stream->standing, one);
  }
  load_.board_.update([&](LoadStatus& all) {
    for (std::size_t i = 0; i < all.tables.size() && i < status.size(); ++i)
      status[i].rows = all.tables[i].rows;
    all.tables = std::move(status);
    all.term = lead_.term();
  });
  publish(std::chrono::milliseconds(0));
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
                "bring the journal back, or snapshot all tables again into new mirrors");
  Reading reading{intent.to, {}, {}, 0};
  context_.round = intent.round;
  if (brings_records(intent.to)) {
    log_.intend(intent);
    crash_point("intent");
    read(reading);
    finish_tables();
    crash_point("inserted");
    note_stopped(intent.round);
  }
  const Cut cut = next_cut(intent);
  const Durable<journal::Ends> ends = log_.record(cut);
  cut_ = cut;
  positions_ = ends.get();
  cut_at_ = load_.clock_.steady();
  crash_point("cut_recorded");
  release(ends);
  crash_point("released");
  const std::chrono::milliseconds took = since(load_.clock_, began);
  pace_.finished(reading.counts.bytes, took);
  log_.trim(intent.round);
  tell(RoundDone{intent.round, intent.to.commit_lsn, reading.counts, took, repeated});
  publish(took);
  return reading.counts.bytes;
}

bool Load::Line::brings_records(const journal::Watermark& to) const {
  return std::ranges::any_of(to.ends, [&](const auto& end) {
    const auto stream = by_name_.find(end.first.stream);
    if (stream == by_name_.end() || !stream->second->runs()) return false;
    const auto stands = positions_.find(end.first);
    return end.second > (stands == positions_.end() ? journal::Offset() : stands->second);
  });
}

void Load::Line::read(Reading& reading) {
  std::map<std::string, journal::Ends> several;  // partitions of streams with more than one
  journal::Ends single;
  for (auto end = reading.to.ends.begin(); end != reading.to.ends.end();) {
    const std::string& stream = end->first.stream;
    journal::Ends partitions;
    for (; end != reading.to.ends.end() && end->first.stream == stream; ++end) partitions.insert(*end);
    const auto known = by_name_.find(stream);
    if (known == by_name_.end() || !known->second->runs()) continue;
    const StreamCut cut = cut_ ? cut_->of(stream) : StreamCut();
    for (const auto& [partition, offset] : partitions)
      reading.positions.emplace(partition, StreamPosition(cut.epoch, cut.commit_lsn));
    if (partitions.size() == 1)
      single.merge(partitions);
    else
      several.emplace(stream, std::move(partitions));
  }
  try {
    read(reading, single, several);
  } catch (const Error& error) {
    // Retention was faster than a stream that was late: it stands from now on, the others try again.
    if (error.kind() != ErrorKind::identity || !note_gaps()) throw;
    throw Error(ErrorKind::transient, error.message(), error.hint());
  }
}

void Load::Line::read(Reading& reading, const journal::Ends& single,
                      const std::map<std::string, journal::Ends>& several) {
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
  if (!recent_->runs()) return false;
  try {
    switch (reading.positions.at(partition).judge(change, reading.to)) {
      case Fate::apply: return true;
      case Fate::redelivery: ++reading.counts.redelivered; return false;
      case Fate::leftover: ++reading.counts.leftovers; return false;
    }
  } catch (const Error& error) {
    recent_->table.stop({Verdict::Action::stop_stream, error.message(), error.hint()});
  }
  return false;
}

void Load::Line::take(Reading& reading, Stream& stream, const Change& change) {
  const std::size_t bytes = change.old.size() + change.row.size() + sizeof(Change);
  reading.counts.bytes += bytes;
  reading.bytes_since_look += bytes;
  stream.table.take(change);
  if (reading.bytes_since_look >= kLookAfterBytes) keep_within_memory(reading);
}

void Load::Line::keep_within_memory(Reading& reading) {
  std::size_t all = 0;
  Stream* largest = streams_.front().get();
  for (const auto& stream : streams_) {
    all += stream->table.pending_bytes();
    if (stream->table.pending_bytes() > largest->table.pending_bytes()) largest = stream.get();
  }
  if (all > load_.options_.batch_bytes_max) {
    if (largest->table.within_key_change()) return;  // at the next record
    largest->table.flush();
  }
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
      stream->table.stop({Verdict::Action::stop_stream,
                          stream->table.mirror().stream + ": " + failure->message(), failure->hint()});
  }
}

// A stream that stopped within this round stands where it stood before it, also in what it has noted.
void Load::Line::note_stopped(std::uint64_t round) {
  for (const auto& stream : streams_) {
    if (stream->standing || !stream->table.stopped()) continue;
    const Verdict& verdict = *stream->table.stopped();
    stream->standing = Standing{StreamState::stopped, verdict.reason, verdict.hint};
    stream->table.restore(round - 1);
    states_.write_standing(stream->table.mirror().stream, *stream->standing);
  }
}

Cut Load::Line::next_cut(const Intent& intent) const {
  Cut cut{intent.round, intent.to, {}};
  const auto stands = [&](const std::string& stream) {
    cut.behind[stream] = cut_ ? cut_->of(stream) : StreamCut();
  };
  for (const auto& stream : streams_)
    if (!stream->runs()) stands(stream->table.mirror().stream);
  for (const auto& [partition, offset] : intent.to.ends)
    if (!by_name_.contains(partition.stream)) stands(partition.stream);
  return cut;
}

void Load::Line::release(const Durable<journal::Ends>& ends) {
  std::set<std::string> held;
  for (const auto& [stream, cut] : cut_->behind) held.insert(stream);
  load_.reader_.release(ends, held);
}

void Load::Line::publish(std::chrono::milliseconds took) {
  for (const auto& stream : streams_) {
    const TableLoad& table = stream->table;
    TableProgress progress{table.mirror().name(), 0, table.nulled() - stream->nulled, table.waiting()};
    stream->nulled = table.nulled();
    load_.board_.update([&](LoadStatus& all) {
      TableStatus& status = all.tables[table.index()];
      progress.rows = status.rows - status.rows_told;
      status.rows_told = status.rows;
      show(stream->standing, status);
      status.in_snapshot = table.in_snapshot();
      status.snapshot_loaded = table.snapshot_loaded();
      status.waiting = table.waiting();
      status.nulled = table.nulled();
      status.cut = cut_ ? cut_->of(table.mirror().stream).commit_lsn : Lsn();
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
  load_.board_.update([&](LoadStatus& all) { all.draining = newest && brings_records(*newest); });
  tell(StreamsStanding{
      static_cast<std::size_t>(std::ranges::count_if(streams_, [](const auto& s) { return !s->runs(); }))});
}

void Load::Line::report_unresolved() {
  if (since(load_.clock_, reported_at_) < kReportUnresolvedEvery) return;
  reported_at_ = load_.clock_.steady();
  for (const auto& stream : streams_)
    if (stream->runs()) stream->table.report_unresolved();
}

// True when a stream stands that ran.
bool Load::Line::note_gaps() {
  bool more = false;
  const std::set<std::string> gaps = load_.reader_.gaps();
  for (const std::string& name : gaps) {
    Stream* stream = find(name);
    if (stream == nullptr || (stream->standing && stream->standing->state == StreamState::gap)) continue;
    more = more || stream->runs();
    const std::string before = stream->standing ? stream->standing->reason : "it was late";
    note_gap(*stream, "the journal has dropped records that weren't loaded; it stood because: " + before);
  }
  return more;
}

void Load::Line::note_gap(Stream& stream, const std::string& reason) {
  const std::string& name = stream.table.mirror().stream;
  stream.standing = Standing{StreamState::gap, name + ": " + reason, "snapshot the table again"};
  states_.write_standing(name, *stream.standing);
  log::error("stream_gap", {{"stream", name}, {"reason", reason}});
}

// A mirror that isn't there yet lacks what its stream brought before. Noted before it is made.
void Load::Line::note_new_mirrors() {
  std::set<std::string> there;
  for (const auto& row : session_.rows("SELECT name FROM system.tables WHERE database = 'raw'"))
    there.insert(row[0].value());
  for (const auto& stream : streams_) {
    const Mirror& mirror = stream->table.mirror();
    const bool began = std::ranges::any_of(positions_, [&](const auto& position) {
      return position.first.stream == mirror.stream && position.second > journal::Offset();
    });
    if (began && stream->runs() && !there.contains(mirror.name()))
      note_gap(*stream, mirror.raw() + " is new, and earlier rows went to another mirror");
  }
}

void Load::Line::answer_requests() {
  while (std::optional<Request> request = load_.requests_.pop(stop_, std::chrono::milliseconds(0)))
    std::visit([&](auto& one) { answer(one); }, *request);
}

void Load::Line::answer(ResumeRequest& request) {
  Stream* stream = find(request.stream);
  try {
    if (stream == nullptr || !stream->standing)
      throw Error(ErrorKind::config, "no stream " + request.stream + " stands",
                  "see the streams in freshet status");
    if (stream->standing->state == StreamState::gap)
      throw Error(ErrorKind::config, stream->standing->reason, stream->standing->hint);
    Tables there(session_);
    if (!prepare(there, *stream))
      throw Error(ErrorKind::config, stream->standing->reason, stream->standing->hint);
    states_.write_running(request.stream);
    stream->standing.reset();
    stream->table.resume();
    log::info("stream_resumed", {{"stream", request.stream}});
    request.answer.set_value();
  } catch (const Error& error) {
    request.answer.set_exception(std::current_exception());
    if (error.kind() != ErrorKind::config) throw;
  }
}

void Load::Line::answer(FreezeRequest& request) {
  try {
    if (!cut_) throw Error(ErrorKind::transient, "no round is complete yet");
    for (const std::string& mirror : request.mirrors)
      if (std::ranges::none_of(streams_, [&](const auto& s) { return s->table.mirror().name() == mirror; }))
        throw Error(ErrorKind::config, "there is no mirror " + mirror);
    request.answer.set_value(load::freeze(session_, *cut_, request.mirrors, load_.clock_));
  } catch (const Error& error) {
    request.answer.set_exception(std::current_exception());
    if (error.kind() == ErrorKind::identity || error.kind() == ErrorKind::cancelled) throw;
  }
}

Load::Line::Stream* Load::Line::find(const std::string& stream) {
  const auto known = by_name_.find(stream);
  return known == by_name_.end() ? nullptr : known->second;
}

}  // namespace freshet::load
