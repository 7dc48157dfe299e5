// The part of Line that takes up again what is in quarantine, and answers what others ask of it.
#include <algorithm>

#include "base/log.h"
#include "load/line.h"

namespace freshet::load {

// In a round that brings nothing else: done again after a crash, it is one of these again.
void Load::Line::replay() {
  for (const auto& stream : streams_)
    if (stream->replays()) stream->table.replay();
}

bool Load::Line::replay_wanted() const {
  return std::ranges::any_of(streams_, [](const auto& stream) { return stream->replays(); });
}

// What comes for keys that wait waits as well, until all was taken up: a backlog would fill quarantine faster
// than that empties it. So a stream that is behind, or whose quarantine is half full, reads on only then.
void Load::Line::hold_back() {
  for (const auto& stream : streams_) {
    const TableLoad& table = stream->table;
    const bool behind = cut_ && cut_->behind.contains(table.mirror().stream);
    const bool half_full = table.quarantine().bytes() > load_.options_.quarantine_bytes_max / 2;
    stream->held_back = stream->replays() && (behind || half_full);
  }
}

void Load::Line::answer(ReplayRequest& request) {
  try {
    if (request.streams.empty()) {
      for (const auto& stream : streams_)
        if (stream->table.quarantine().any()) request.streams.push_back(stream->table.mirror().stream);
    }
    for (const std::string& name : request.streams)
      if (!known(name).table.quarantine().any())
        throw Error(ErrorKind::config, name + " has nothing in quarantine", "freshet quarantine list");
    for (const std::string& name : request.streams) known(name).table.want_replay();
    replays_.push_back(std::move(request));
  } catch (const Error&) {
    request.answer.set_exception(std::current_exception());
  }
}

// Those that are done, or can't be now.
void Load::Line::answer_replays() {
  std::erase_if(replays_, [&](ReplayRequest& request) {
    if (std::ranges::any_of(request.streams, [&](const auto& name) { return known(name).replays(); }))
      return false;
    std::vector<Replayed> answer;
    for (const std::string& name : request.streams) {
      const Stream& stream = known(name);
      const Quarantine& quarantine = stream.table.quarantine();
      if (stream.standing)
        answer.push_back({name, quarantine.count(), stream.standing->reason, stream.standing->hint});
      else
        answer.push_back(
            {name, quarantine.count(), quarantine.first_cause().reason, quarantine.first_cause().hint});
    }
    request.answer.set_value(std::move(answer));
    return true;
  });
}

// What is left behind it is replayed in the next round.
void Load::Line::answer(DropRequest& request) {
  try {
    TableLoad& table = known(request.stream).table;
    const std::uint64_t dropped = table.drop_quarantined(request.drop, cut_ ? cut_->round : 0);
    log::warn("quarantine_dropped",
              {{"stream", request.stream}, {"changes", dropped}, {"because", request.drop.note}});
    request.answer.set_value(dropped);
  } catch (const Error& error) {
    request.answer.set_exception(std::current_exception());
    if (error.kind() != ErrorKind::config) throw;
  }
}

}  // namespace freshet::load
