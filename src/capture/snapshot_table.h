// What the board knows of each table, of each point in the WAL that tables wait for, and of what failed.
// Plain state under the board's lock; no I/O.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "adapter/postgres/barrier.h"
#include "base/clock.h"
#include "base/error.h"
#include "capture/snapshot.h"
#include "capture/snapshot_reading.h"

namespace freshet::capture {

// V and its barrier. Shared by the tables that were begun together, so that they wait for it once.
struct Point {
  std::optional<Lsn> given;                  // V, where it is known from the start
  std::optional<postgres::Barrier> barrier;  // raised
  bool passed = false;
  bool claimed = false;  // a worker looks at it
  SteadyTime look_at{};
  std::chrono::milliseconds interval = kFirstLook;
  std::optional<SteadyTime> raised_at;
  bool overdue = false;
  std::string blocker;

  static Point passed_at(Lsn v);
  void looked(const std::optional<std::string>& found, SteadyTime now, std::chrono::milliseconds deadline);
  void failed(const Error& error, SteadyTime now);

  static constexpr std::chrono::milliseconds kFirstLook{10};
  static constexpr std::chrono::milliseconds kLastLook{1'000};
};

// When to try again, and why.
struct Retry {
  SteadyTime not_before{};
  std::chrono::milliseconds pause{0};
  bool needs_a_hand = false;  // it won't pass by itself
  std::string error;

  void blame(const Error& error, SteadyTime now, const SnapshotOptions& options);
  void clear() { *this = {}; }
  // As far as can be seen. The pause goes on growing until something was read.
  void passed();
};

struct Table {
  TableRequest request;
  std::string stream;
  std::uint8_t flags = 0;
  std::uint64_t attempt = 0;             // counts readings: what belongs to an older one is dropped
  std::optional<std::string> published;  // as what it was seen, before its point was raised
  std::shared_ptr<Point> point;          // nothing until then
  std::optional<TableProgress> resume;
  std::optional<Reading> reading;
  bool claimed = false;  // being planned, or (periodic) read and not yet taken
  bool complete = false;
  bool once_more = false;       // another reading follows this one
  std::uint32_t in_flight = 0;  // chunks being read
  SteadyTime due{};             // of a periodic table
  Retry retry;

  Lsn v;
  SteadyTime since{};  // of this reading, in this process
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  std::uint64_t rows_estimate = 0;
  double share_at_start = 0;
  std::uint32_t restarts = 0;

  bool periodic() const { return request.mode == SnapshotMode::periodic; }
  // A reading is under way whose V is known, or just being taken.
  bool has_v() const;
  // Begins to wait for a reading from a point to come.
  void start_over();
  TableStatus status(SteadyTime now) const;

 private:
  SnapshotState state() const;
};

std::uint8_t flags_of(const TableRequest& request);

}  // namespace freshet::capture
