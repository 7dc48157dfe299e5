// The part of Line that answers what others ask between two rounds: to try a stream again, to freeze mirrors.
// (What they ask of quarantine: line_quarantine.cpp.)
#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "base/shell_word.h"
#include "load/line.h"

namespace freshet::load {

void Load::Line::answer_requests() {
  while (std::optional<Request> request = load_.requests_.pop(stop_, std::chrono::milliseconds(0)))
    std::visit([&](auto& one) { answer(one); }, *request);
}

// What goes wrong on the way is tried again with all of load, which has them from here on.
void Load::Line::answer(AddRequest& request) {
  std::vector<Mirror> mirrors;
  try {
    for (const contract::StreamContract& contract : request.contracts)
      if (find(to_string(contract.source)) == nullptr) mirrors.push_back(make_mirror(contract));
  } catch (const Error& error) {
    log::error("stream_not_taken_in", {{"message", error.message()}, {"hint", error.hint()}});
    return request.answer.set_exception(std::current_exception());
  }
  for (contract::StreamContract& contract : request.contracts)
    if (find(to_string(contract.source)) == nullptr) load_.contracts_.push_back(std::move(contract));
  try {
    take_in(std::move(mirrors));
    request.answer.set_value();
  } catch (const Error&) {
    request.answer.set_exception(std::current_exception());
    throw;
  }
}

// As a start does with all.
void Load::Line::take_in(std::vector<Mirror> mirrors) {
  if (mirrors.empty()) return;
  const std::size_t first = streams_.size();
  const std::map<std::string, Standing> standing = states_.read();
  const Books books = Books::read(session_);
  for (Mirror& mirror : mirrors) {
    Stream& stream = make_stream(std::move(mirror));
    const TableStatus status = recover(stream, standing, books);
    load_.board_.update([&](LoadStatus& all) { all.tables.push_back(status); });
    log::info("stream_taken_in", {{"stream", status.stream}});
  }
  note_new_mirrors(first);
  Tables there(session_);
  for (std::size_t place = first; place < streams_.size(); ++place) prepare(there, *streams_[place]);
  publish(std::chrono::milliseconds(0));
}

void Load::Line::answer(ResumeRequest& request) {
  Stream* stream = find(request.stream);
  try {
    if (stream == nullptr || !stream->standing)
      throw Error(ErrorKind::config, "no stream " + request.stream + " stands",
                  "see the streams in freshet status");
    go_on(*stream);
    request.answer.set_value();
  } catch (const Error& error) {
    request.answer.set_exception(std::current_exception());
    if (error.kind() != ErrorKind::config) throw;
  }
}

void Load::Line::answer(TryAgainRequest& request) {
  try {
    for (const auto& stream : streams_) {
      if (!stream->standing || stream->standing->state != StreamState::stopped) continue;
      try {
        go_on(*stream);
      } catch (const Error& error) {  // it stands as before, and its status says why
        if (error.kind() != ErrorKind::config) throw;
      }
    }
    request.answer.set_value();
  } catch (const Error&) {
    request.answer.set_exception(std::current_exception());
    throw;
  }
}

void Load::Line::go_on(Stream& stream) {
  if (stream.has_gap() && !stream.table.stopped())
    throw Error(ErrorKind::config, stream.standing->reason, stream.standing->hint);
  Tables there(session_);
  if (!prepare(there, stream)) throw Error(ErrorKind::config, stream.standing->reason, stream.standing->hint);
  stream.resume();
  if (stream.has_gap()) {
    stream.filling = stream.table.in_snapshot();
  } else {
    states_.write_running(stream.table.mirror().stream);
    stream.standing.reset();
  }
  stream.table.want_replay();
  log::info("stream_resumed", {{"stream", stream.table.mirror().stream}});
}

// A stream that stopped takes up what waits of it only once it is mended; a new reading makes all of that
// needless.
void Load::Line::answer(ReadAnewRequest& request) {
  try {
    for (const std::string& name : request.streams) {
      Stream* stream = find(name);
      if (stream != nullptr && stream->standing && stream->standing->state == StreamState::stopped)
        note_gap(*stream, "it is to be read anew; it stood because: " + stream->standing->reason);
    }
    publish(std::chrono::milliseconds(0));
    request.answer.set_value();
  } catch (const Error&) {
    request.answer.set_exception(std::current_exception());
    throw;
  }
}

void Load::Line::answer(PauseRequest& request) {
  try {
    Stream& stream = running(request.stream);
    stream.standing = Standing{StreamState::paused, request.stream + ": paused by request",
                               "freshet stream resume " + shell_word(request.stream)};
    states_.write_standing(request.stream, *stream.standing);
    log::info("stream_paused", {{"stream", request.stream}});
    request.answer.set_value();
  } catch (const Error& error) {
    request.answer.set_exception(std::current_exception());
    if (error.kind() != ErrorKind::config) throw;
  }
}

// Carried out in the next round of the stream.
void Load::Line::answer(SweepRequest& request) {
  try {
    TableLoad& table = known(request.stream).table;
    table.answer_sweep(request.sweep, cut_ ? cut_->round : 0);
    const SweepQuestion& sweep = *table.sweep().question();
    log::warn("sweep_answered", {{"stream", request.stream},
                                 {"answer", to_string(sweep.state)},
                                 {"rows", sweep.rows},
                                 {"because", request.sweep.note}});
    request.answer.set_value(sweep);
  } catch (const Error& error) {
    request.answer.set_exception(std::current_exception());
    if (error.kind() != ErrorKind::config) throw;
  }
}

// What stands would never load what is read again.
void Load::Line::answer(RepairRequest& request) {
  try {
    if (request.note.ended)
      known(request.note.stream);
    else
      running(request.note.stream);
    write(session_, request.note);
    request.answer.set_value();
  } catch (const Error& error) {
    request.answer.set_exception(std::current_exception());
    if (error.kind() != ErrorKind::config) throw;
  }
}

Load::Line::Stream& Load::Line::known(const std::string& name) {
  Stream* stream = find(name);
  if (stream == nullptr)
    throw Error(ErrorKind::config, "there is no stream " + name, "see the streams in freshet status");
  return *stream;
}

Load::Line::Stream& Load::Line::running(const std::string& name) {
  Stream& stream = known(name);
  if (stream.standing) throw Error(ErrorKind::config, stream.standing->reason, stream.standing->hint);
  return stream;
}

// A mirror whose stream stands may hold a part of the transaction that it stopped in. One that catches up
// isn't as of the common cut.
void Load::Line::check_freezable(const std::string& mirror) const {
  const auto stream =
      std::ranges::find_if(streams_, [&](const auto& s) { return s->table.mirror().name() == mirror; });
  if (stream == streams_.end()) throw Error(ErrorKind::config, "there is no mirror " + mirror);
  const TableLoad& table = (*stream)->table;
  const bool late = is_late(**stream);
  if (!(*stream)->standing && !table.in_part() && !late) return;
  throw Error(ErrorKind::data,
              fmt::format("{} isn't frozen: {} {}", mirror, table.mirror().stream,
                          table.quarantine().any() ? "is partly in quarantine"
                          : table.sweep().open()   ? "has rows that are to be swept"
                          : table.in_part()        ? "waits for rows that are read by their keys"
                          : (*stream)->standing    ? "stands"
                                                   : "catches up with what has waited of it"),
              "what reads it goes on with what was frozen before; see freshet status");
}

void Load::Line::answer(FreezeRequest& request) {
  try {
    if (!cut_) throw Error(ErrorKind::transient, "no round is complete yet");
    for (const std::string& mirror : request.mirrors) check_freezable(mirror);
    request.answer.set_value(load::freeze(session_, *cut_, request.mirrors, load_.clock_));
  } catch (const Error& error) {
    request.answer.set_exception(std::current_exception());
    if (error.kind() == ErrorKind::identity || error.kind() == ErrorKind::cancelled) throw;
  }
}

}  // namespace freshet::load
