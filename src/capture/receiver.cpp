#include "capture/receiver.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/cpu_step.h"
#include "base/crash_point.h"
#include "base/error.h"

namespace freshet::capture {
namespace {

constexpr std::chrono::milliseconds kLook{100};  // how long a stop request may stay unseen
// The server sends each row by itself: woken for each we would spend more on waking than on reading. When
// they come in quick succession they gather in the socket for so long.
constexpr std::chrono::milliseconds kGather{2};
constexpr int kMessagesBetweenLooks = 256;  // at the clock
// A running server asks for a reply only after long silence.
constexpr std::chrono::milliseconds kAskedAgain{500};
constexpr int kAskedWhenStopping = 5;

}  // namespace

Receiver::Receiver(postgres::Replication& replication, StreamSpool spool, HandOver& hand_over,
                   const ReceiverOptions& options, ReceiverCounters& counters, const Clock& clock)
    : replication_(replication),
      spool_(std::move(spool)),
      hand_over_(hand_over),
      options_(options),
      counters_(counters),
      clock_(clock),
      reported_at_(clock.steady()),
      heard_at_(reported_at_),
      cpu_before_(counters.cpu_seconds) {}

void Receiver::run(std::stop_token stop) {
  try {
    receive(stop);
  } catch (...) {
    hand_over_.end(std::current_exception());
  }
}

void Receiver::receive(std::stop_token stop) {
  static const auto cpu = CpuStep::counter("receive");
  while (!stop.stop_requested()) {
    const CpuStep step(cpu);
    const SteadyTime began = clock_.steady();
    read_what_is_there(stop);
    pass_on(stop);
    count();
    report_when_due();
    const bool busy = began - read_at_ < 2 * kGather;
    read_at_ = began;
    if (busy) clock_.sleep(kGather, stop);
    if (replication_.wait(kLook)) {
      heard_at_ = clock_.steady();
    } else if (clock_.steady() - heard_at_ > options_.silence_deadline) {
      throw Error(ErrorKind::transient,
                  fmt::format("PostgreSQL at {} has been silent for {} s", replication_.where(),
                              options_.silence_deadline.count() / 1000));
    }
  }
}

void Receiver::read_what_is_there(std::stop_token stop) {
  for (int read = 1; !stop.stop_requested(); ++read) {
    const auto received = replication_.next();
    if (!received) return;
    if (const auto* data = std::get_if<postgres::WalData>(&*received)) {
      take(*data, stop);
    } else {
      take(std::get<postgres::KeepAlive>(*received));
    }
    if (batch_.frames.size() >= options_.batch_bytes) pass_on(stop);
    if (read % kMessagesBetweenLooks == 0) report_when_due();
  }
}

// A server that is shutting down asks again and again until a client has confirmed everything. We confirm one
// heartbeat behind, and there will be no more heartbeats: so that it needn't wait for us, we go.
void Receiver::take(const postgres::KeepAlive& keep_alive) {
  batch_.sent_below = std::max(batch_.sent_below, keep_alive.end);
  received_ = std::max(received_, keep_alive.end);
  if (!keep_alive.reply_requested) return;
  const SteadyTime now = clock_.steady();
  asked_in_a_row_ = now - asked_at_ < kAskedAgain ? asked_in_a_row_ + 1 : 1;
  asked_at_ = now;
  if (asked_in_a_row_ >= kAskedWhenStopping) {
    throw Error(ErrorKind::transient, fmt::format("PostgreSQL at {} is shutting down", replication_.where()));
  }
  report(false);
}

void Receiver::take(const postgres::WalData& data, std::stop_token stop) {
  if (data.payload.empty()) throw Error(ErrorKind::data, "PostgreSQL sent an empty pgoutput message");
  ++messages_;
  bytes_ += data.payload.size();
  received_ = std::max(received_, data.lsn);
  switch (data.payload.front()) {
    case 'S':
      streamed_ = std::get<pgoutput::StreamStart>(decode(data.payload, pgoutput::Block::ordinary)).xid;
      in_stream_block_ = true;
      return;
    case 'E': in_stream_block_ = false; return;
    case 'A':
      spool_.abort(std::get<pgoutput::StreamAbort>(decode(data.payload, pgoutput::Block::ordinary)));
      return;
    case 'c': take_stream_commit(data.payload, stop); return;
    default:
      if (in_stream_block_)
        take_streamed(data.lsn, data.payload);
      else
        take_ordinary(data.lsn, data.payload);
  }
}

void Receiver::take_ordinary(Lsn lsn, std::string_view message) {
  append_frame(batch_.frames, {lsn, 0, message});
}

// An Origin message names no owner, and says nothing we need.
void Receiver::take_streamed(Lsn lsn, std::string_view message) {
  if (const pgoutput::Xid owner = pgoutput::owner(message); owner != 0)
    spool_.append(streamed_, {lsn, owner, message});
}

void Receiver::take_stream_commit(std::string_view message, std::stop_token stop) {
  batch_.commit = std::get<pgoutput::StreamCommit>(decode(message, pgoutput::Block::ordinary));
  batch_.transaction = spool_.commit(batch_.commit.xid);
  pass_on(stop);  // a batch holds one
}

// Waits for room, and meanwhile reads nothing but keeps the server informed.
void Receiver::pass_on(std::stop_token stop) {
  if (batch_.empty()) return;
  crash_point("received");
  while (!hand_over_.push(batch_, kLook)) {
    counters_.blocked = true;
    if (stop.stop_requested()) return;
    count();
    report_when_due();
    heard_at_ = clock_.steady();  // we didn't listen
  }
  counters_.blocked = false;
}

void Receiver::report_when_due() {
  if (clock_.steady() - reported_at_ >= options_.report_interval) report(true);
}

void Receiver::report(bool ask_for_reply) {
  const auto durable = hand_over_.durable();
  replication_.report(received_, durable, clock_.wall(), ask_for_reply);
  reported_at_ = clock_.steady();
  counters_.cpu_seconds = cpu_before_ + thread_cpu_seconds();
  if (durable && durable->get().value() != counters_.reported_lsn) {
    counters_.reported_lsn = durable->get().value();
    crash_point("confirmed");
  }
}

void Receiver::count() {
  counters_.messages += std::exchange(messages_, 0);
  counters_.bytes += std::exchange(bytes_, 0);
  counters_.received_lsn = received_.value();
}

}  // namespace freshet::capture
