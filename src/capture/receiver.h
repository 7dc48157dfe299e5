// The receive thread: reads the replication connection, spools what is streamed before its commit, hands the
// rest over. It never waits for anything but the socket and, with the server kept informed, for room: a
// client that is silent for wal_sender_timeout is dropped.
#pragma once

#include <atomic>
#include <chrono>
#include <stop_token>

#include "adapter/postgres/replication.h"
#include "base/clock.h"
#include "capture/hand_over.h"
#include "capture/stream_spool.h"

namespace freshet::capture {

struct ReceiverOptions {
  std::size_t batch_bytes = 256 << 10;  // a batch is handed over at this size, or when nothing waits
  std::chrono::milliseconds report_interval{1000};     // at most a third of wal_sender_timeout is taken
  std::chrono::milliseconds silence_deadline{30'000};  // the server answers each report; beyond, it is gone
};

// Written by the receive thread, read by any.
struct ReceiverCounters {
  std::atomic<std::uint64_t> received_lsn = 0;
  std::atomic<std::uint64_t> reported_lsn = 0;  // confirmed to the server
  std::atomic<std::uint64_t> messages = 0;
  std::atomic<std::uint64_t> bytes = 0;
  std::atomic<double> cpu_seconds = 0;  // of the thread, over all connections
  std::atomic<bool> blocked = false;    // no room: the journal thread is behind
};

class Receiver {
 public:
  // `replication` has been started.
  Receiver(postgres::Replication& replication, StreamSpool spool, HandOver& hand_over,
           const ReceiverOptions& options, ReceiverCounters& counters, const Clock& clock);

  // Until stopped. Whatever ends it otherwise is handed over, too.
  void run(std::stop_token stop);

 private:
  void receive(std::stop_token stop);
  void read_what_is_there(std::stop_token stop);
  void take(const postgres::KeepAlive& keep_alive);
  void take(const postgres::WalData& data, std::stop_token stop);
  void take_ordinary(Lsn lsn, std::string_view message);
  void take_streamed(Lsn lsn, std::string_view message);
  void take_stream_commit(std::string_view message, std::stop_token stop);
  void pass_on(std::stop_token stop);
  void report_when_due();
  void report(bool ask_for_reply);
  void count();

  postgres::Replication& replication_;
  StreamSpool spool_;
  HandOver& hand_over_;
  const ReceiverOptions options_;
  ReceiverCounters& counters_;
  const Clock& clock_;

  Batch batch_;
  bool in_stream_block_ = false;
  pgoutput::Xid streamed_ = 0;  // the transaction of the stream block
  Lsn received_;
  SteadyTime reported_at_;
  SteadyTime heard_at_;
  SteadyTime read_at_;
  SteadyTime asked_at_;
  int asked_in_a_row_ = 0;
  std::uint64_t messages_ = 0;  // not yet in counters_
  std::uint64_t bytes_ = 0;
  double cpu_before_ = 0;  // seconds, of earlier connections
};

}  // namespace freshet::capture
