// capture_runner URL DATA SLOT JOURNAL UNTIL TABLE…
//
// Runs capture alone, for tests that kill it and for measuring: from URL's database into the journal at
// DATA/journal (JOURNAL = embedded) or nowhere (null), until everything up to the LSN in UNTIL is journalled
// and all snapshots are complete. Then prints rows, seconds, and each thread's CPU time per row.
#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <thread>

#include "capture/capture.h"
#include "journal/embedded.h"
#include "support/process.h"

namespace freshet::capture {
namespace {

// As fast as a journal can be: it keeps the notes and forgets the changes.
class NullWriter : public journal::Writer, DurabilityWitness<NullWriter> {
 public:
  explicit NullWriter(std::string path) : path_(std::move(path)) {
    std::ifstream file(path_);
    notes_.assign(std::istreambuf_iterator<char>(file), {});
  }
  Generation generation() const override { return Generation(1); }
  const std::optional<journal::Watermark>& last() const override { return last_; }
  std::uint64_t room() override { return 1 << 30; }
  void append(const Change&) override {}
  Durable<journal::Watermark> seal(Lsn commit_lsn, Micros committed_at) override {
    last_.emplace();
    last_->commit_lsn = commit_lsn;
    last_->committed_at = committed_at;
    return confirm(*last_);
  }
  void keep(std::string notes) override {
    notes_ = std::move(notes);
    std::ofstream(path_, std::ios::trunc) << notes_;
  }
  const std::string& kept() const override { return notes_; }
  void set_epoch(Epoch) override {}

 private:
  const std::string path_;
  std::optional<journal::Watermark> last_;
  std::string notes_;
};

std::unique_ptr<journal::Writer> open_journal(const std::string& kind, const std::string& data) {
  if (kind == "null") return std::make_unique<NullWriter>(data + "/notes");
  journal::EmbeddedOptions options;
  options.directory = data + "/journal";
  return journal::open_writer(options);
}

void report(const CaptureStatus& status, double seconds) {
  double rows = 0;
  for (const auto& [stream, count] : status.streams) rows += static_cast<double>(count.rows);
  fmt::print(
      "rows {:.0f} in {:.2f} s; receive thread {:.2f} s CPU ({:.3f} us/row), journal thread {:.2f} s CPU\n",
      rows, seconds, status.receive_cpu_seconds, status.receive_cpu_seconds * 1e6 / std::max(rows, 1.0),
      status.journal_cpu_seconds);
}

int run(const std::vector<std::string>& arguments) {
  const auto began = std::chrono::steady_clock::now();
  Options options;
  options.url = arguments[1];
  options.data = arguments[2];
  options.slot = arguments[3];
  options.publication = arguments[3];
  options.make_publication = true;
  options.heartbeat_interval = std::chrono::milliseconds(50);
  if (arguments[4] != "null") {  // to be killed: each point on the way is passed often
    options.snapshot.chunk_bytes = 64 << 10;
    options.spool_memory_bytes = 64 << 10;
  }
  for (std::size_t i = 6; i < arguments.size(); ++i)
    options.tables.push_back({"public", arguments[i], {}, {}});
  const Lsn until = parse_lsn(arguments[5]);
  const auto journal = open_journal(arguments[4], options.data);
  Capture capture(options, *journal);
  std::jthread running([&](std::stop_token stop) {
    try {
      capture.run(stop);
    } catch (const Error& error) {
      fmt::print(stderr, "{}\n", error.what());
      std::_Exit(1);
    }
  });
  const bool done = test::eventually(
      [&] {
        const CaptureStatus status = capture.status();
        return status.journalled >= until && status.confirmed > Lsn() && status.snapshot.complete();
      },
      std::chrono::minutes(5));
  report(capture.status(), std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
  return done ? 0 : 2;
}

}  // namespace
}  // namespace freshet::capture

int main(int count, char** values) {
  if (count < 7) return 64;
  return freshet::capture::run(std::vector<std::string>(values, values + count));
}
