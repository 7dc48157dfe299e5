#include "line.h"

#include <gtest/gtest.h>

#include "journal/embedded.h"

namespace freshet::capture::test {
namespace {

using namespace std::chrono_literals;

journal::EmbeddedOptions journal_in(const std::string& directory) {
  journal::EmbeddedOptions options;
  options.directory = directory;
  return options;
}

}  // namespace

Line::Line(TestDatabase& database)
    : database_(database),
      journal_directory_(data_.path() + "/journal"),
      reader_(journal::open_reader(journal_in(journal_directory_))),
      view_(*reader_) {
  options.url = database.url();
  options.slot = "s_" + database.name();
  options.publication = "p";
  options.make_publication = true;
  options.data = data_.path();
  options.heartbeat_interval = 50ms;
  options.canary_interval = 1h;
  options.reconnect_deadline = 30s;
  options.receiver.report_interval = 100ms;
  options.journaller.tick = 10ms;
}

Line::~Line() {
  if (capture_) stop();
}

void Line::start(const std::vector<std::string>& tables) {
  for (const std::string& table : tables) options.tables.push_back({"public", table, {}, {}});
  restart();
}

void Line::restart() {
  if (capture_) stop();
  capture_.reset();
  writer_.reset();
  writer_ = journal::open_writer(journal_in(journal_directory_));
  if (wrap) writer_ = wrap(std::move(writer_));
  capture_ = std::make_unique<Capture>(options, *writer_);
  failure_.reset();
  thread_ = std::jthread([this](std::stop_token stop) {
    try {
      capture_->run(stop);
    } catch (const Error& error) {
      failure_ = error;
    }
  });
}

std::string Line::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  return failure_ ? failure_->what() : "";
}

Error Line::wait_for_failure() {
  EXPECT_TRUE(eventually([&] { return status().state == CaptureState::failed; }, 60s));
  thread_.request_stop();
  thread_.join();
  return failure_ ? *failure_ : Error(ErrorKind::cancelled, "it didn't fail");
}

JournalView& Line::caught_up() {
  // Read when the snapshots are complete, which is before their last chunks are sealed.
  std::optional<Lsn> now;
  const bool passed = eventually(
      [&] {
        const CaptureStatus status = this->status();
        if (status.state == CaptureState::failed) return true;
        if (!status.snapshot.complete() || status.snapshot.tables.empty()) return false;
        if (!now) now = insert_lsn(database_.connection());
        return this->status().journalled >= *now;
      },
      120s);
  const CaptureStatus status = this->status();
  EXPECT_TRUE(passed) << "capture stands at " << to_string(status.journalled) << ", the source at "
                      << to_string(now.value_or(Lsn())) << "; " << to_string(status.state) << " "
                      << status.error;
  EXPECT_NE(status.state, CaptureState::failed) << status.error;
  view_.read();
  return view_;
}

void Line::expect_equal(const std::string& stream, const std::string& key) {
  const auto columns = database_.connection().query(
      "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped "
      "ORDER BY attnum",
      {stream});
  const auto result = database_.sql("SELECT *, " + key + " FROM " + stream);
  Rows expected;
  for (int row = 0; row < result.rows(); ++row) {
    Row& values = expected[std::string(result.text(row, result.columns() - 1)) + "|"];
    for (int column = 0; column < columns.rows(); ++column) {
      const auto value = result.value(row, column);
      values[std::string(columns.text(column, 0))] =
          value ? std::optional<std::string>(*value) : std::nullopt;
    }
  }
  const Rows live = view_.rows(stream);
  EXPECT_EQ(live.size(), expected.size()) << stream;
  for (const auto& [name, row] : expected) {
    const auto found = live.find(name);
    ASSERT_NE(found, live.end()) << stream << " lacks " << name;
    EXPECT_EQ(found->second, row) << stream << " differs in " << name;
  }
  for (const auto& [name, row] : live)
    EXPECT_EQ(expected.count(name), 1u) << stream << " has too much: " << name;
}

}  // namespace freshet::capture::test
