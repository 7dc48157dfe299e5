#include "load/inserters.h"

#include "base/cpu_step.h"

namespace freshet::load {
namespace {

// Finished blocks that may wait for a connection.
constexpr std::size_t kJobsQueued = 2;
// With those being sent, all that this stage holds in memory; a single job may be larger. Compressed they are
// there once more.
constexpr std::size_t kBytesUnderWay = 64 << 20;
constexpr std::chrono::milliseconds kLook{100};

}  // namespace

std::size_t Job::bytes() const {
  std::size_t bytes = 0;
  for (const Insert& insert : inserts) bytes += insert.body.size();
  return bytes;
}

Inserters::Inserters(const SessionContext& context, int threads, std::stop_token stop)
    : context_(context), stop_(std::move(stop)), jobs_(kJobsQueued) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this](const std::stop_token& own) { work(own); });
}

Inserters::~Inserters() {
  jobs_.close();
  for (std::jthread& thread : threads_) thread.request_stop();
}

void Inserters::wait_for_room(std::size_t bytes) {
  const MutexLock lock(mutex_);
  const auto room = [&]() REQUIRES(mutex_) {
    return bytes_under_way_ == 0 || bytes_under_way_ + bytes <= kBytesUnderWay;
  };
  changed_.wait(mutex_, stop_, [&]() REQUIRES(mutex_) { return fatal_ || room(); });
  throw_fatal();
  if (!room()) throw Error(ErrorKind::cancelled, "stopped while inserting");
}

void Inserters::submit(Job job) {
  const std::size_t table = job.table;
  const std::size_t bytes = job.bytes();
  {
    const MutexLock lock(mutex_);
    throw_fatal();
    ++under_way_[table];
    bytes_under_way_ += bytes;
  }
  if (jobs_.push(std::move(job), stop_)) return;
  finish(table, bytes, std::nullopt, false);
  throw Error(ErrorKind::cancelled, "stopped while inserting");
}

std::optional<Error> Inserters::wait(std::size_t table) {
  const MutexLock lock(mutex_);
  changed_.wait(mutex_, stop_, [&]() REQUIRES(mutex_) { return fatal_ || !under_way_.contains(table); });
  throw_fatal();
  if (under_way_.contains(table)) throw Error(ErrorKind::cancelled, "stopped while inserting");
  const auto failure = failures_.find(table);
  if (failure == failures_.end()) return std::nullopt;
  std::optional<Error> error = std::move(failure->second);
  failures_.erase(failure);
  return error;
}

void Inserters::wait_all() {
  const MutexLock lock(mutex_);
  changed_.wait(mutex_, stop_, [&]() REQUIRES(mutex_) { return fatal_ || under_way_.empty(); });
  throw_fatal();
  if (!under_way_.empty()) throw Error(ErrorKind::cancelled, "stopped while inserting");
}

void Inserters::work(const std::stop_token& stop) {
  static const auto cpu = CpuStep::counter("insert");
  Session session(context_, stop);
  while (!stop.stop_requested()) {
    std::optional<Job> job = jobs_.pop(stop, kLook);
    if (!job) continue;
    const CpuStep step(cpu);
    const std::size_t bytes = job->bytes();
    try {
      for (Insert& insert : job->inserts) {
        session.insert(insert.sql, insert.body);
        insert.body = {};
      }
      context_.board.inserted(job->table, job->rows);
      finish(job->table, bytes, std::nullopt, false);
    } catch (const Error& error) {
      const bool fatal = error.kind() == ErrorKind::identity || error.kind() == ErrorKind::cancelled;
      finish(job->table, bytes, error, fatal);
    }
  }
}

void Inserters::finish(std::size_t table, std::size_t bytes, std::optional<Error> failure, bool fatal) {
  {
    const MutexLock lock(mutex_);
    bytes_under_way_ -= bytes;
    const auto count = under_way_.find(table);
    if (--count->second == 0) under_way_.erase(count);
    if (failure && fatal)
      fatal_ = std::move(failure);
    else if (failure)
      failures_.emplace(table, std::move(*failure));
  }
  changed_.notify_all();
}

void Inserters::throw_fatal() {
  if (fatal_) throw Error(*fatal_);
}

}  // namespace freshet::load
