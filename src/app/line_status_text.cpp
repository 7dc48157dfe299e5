#include "app/line_status_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/utf8.h"

namespace freshet::app {
namespace {

constexpr std::string_view kRed = "\x1b[31m", kGreen = "\x1b[32m", kYellow = "\x1b[33m", kBold = "\x1b[1m",
                           kDim = "\x1b[2m", kReset = "\x1b[0m";

// Cuts at the width by characters, not bytes; colours are put around whole lines only, after the cut.
std::string cut(std::string_view text, std::size_t width) {
  std::string line = printable(text);
  std::size_t columns = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool begins_character = (static_cast<unsigned char>(line[i]) & 0xc0) != 0x80;
    if (begins_character && columns++ == width) return line.substr(0, i);
  }
  return line;
}

class Page {
 public:
  explicit Page(const TextStyle& style) : style_(style) {}

  void line(const std::string& text, std::string_view color = {}) {
    std::string whole = cut(text, style_.width);
    if (style_.color && !color.empty()) whole = fmt::format("{}{}{}", color, whole, kReset);
    lines_.push_back(std::move(whole));
  }
  void gap() { lines_.emplace_back(); }
  std::size_t room(std::size_t kept) const {
    const std::size_t used = lines_.size() + kept;
    return style_.height > used ? style_.height - used : 0;
  }
  std::vector<std::string> take() { return std::move(lines_); }

 private:
  const TextStyle& style_;
  std::vector<std::string> lines_;
};

std::string bar(double share) {
  constexpr int kCells = 12;
  const int full = static_cast<int>(std::clamp(share, 0.0, 1.0) * kCells);
  std::string text;
  for (int i = 0; i < kCells; ++i) text += i < full ? "█" : "░";
  return text;
}

std::string left_of(const SnapshotLine& snapshot) {
  return snapshot.seconds_left ? clock_time(*snapshot.seconds_left) : "--:--:--";
}

// A periodic table is read again and again: that is its way of being followed.
bool snapshotting(const StreamLine& stream) {
  return stream.snapshot && stream.snapshot->active() && !stream.snapshot->periodic;
}

std::string_view color_of(const StageLine& stage) {
  if (stage.state == "running") return {};
  return stage.state == "failed" ? kRed : kYellow;
}

std::string total_lag(const TotalLine& total) {
  if (!total.lag_seconds) return lag_text(total.lag_seconds);
  return lag_text(total.lag_seconds) + " s, " + human_bytes(static_cast<double>(total.lag_bytes));
}

std::string held(const JournalLine& journal) {
  if (!journal.kafka.empty()) return "in Kafka, " + journal.kafka;
  return fmt::format("holds {} of {}", human_bytes(static_cast<double>(journal.bytes)),
                     human_bytes(static_cast<double>(journal.limit)));
}

void head(Page& page, const LineStatus& status) {
  page.line(fmt::format("{}  up {}  {}", status.project, clock_time(status.uptime_seconds),
                        status.ready.ready ? "ready" : "not ready: " + status.ready.reason),
            status.ready.ready ? kGreen : kYellow);
  page.line(fmt::format("total    {} rows  {} rows/s  {}/s  lag {}", grouped(status.total.rows),
                        grouped(static_cast<std::uint64_t>(status.total.rows_per_second)),
                        human_bytes(status.total.bytes_per_second), total_lag(status.total)));
  page.line(fmt::format("source   keeps {} of WAL for us;  journal {}",
                        human_bytes(static_cast<double>(status.source.retained_bytes)),
                        held(status.journal)));
  page.line(fmt::format("cut      {}  committed {}", status.cut.lsn,
                        status.cut.committed_at.empty() ? "-" : status.cut.committed_at));
}

void stages(Page& page, const LineStatus& status) {
  for (const StageLine& stage : status.stages) {
    if (stage.state == "running" && stage.error.empty()) continue;
    page.line(fmt::format("{} {}: {}", stage.name, stage.state, stage.error), color_of(stage));
    if (!stage.hint.empty()) page.line("  -> " + stage.hint);
  }
}

void snapshots(Page& page, const LineStatus& status, std::size_t kept) {
  std::vector<const StreamLine*> running;
  for (const StreamLine& stream : status.streams)
    if (snapshotting(stream)) running.push_back(&stream);
  if (running.empty()) return;
  page.gap();
  page.line(fmt::format("{:<30} {:>13} {:>13} {:<12} {:>5} {:>9} {:>9}", "snapshot", "rows", "of about", "",
                        "", "rows/s", "left"),
            kBold);
  const std::size_t shown = std::min(running.size(), page.room(kept) / 2);
  for (std::size_t i = 0; i < shown; ++i) {
    const SnapshotLine& snapshot = *running[i]->snapshot;
    page.line(fmt::format("{:<30} {:>13} {:>13} {} {:>4.0f}% {:>9} {:>9} {}", running[i]->name,
                          grouped(snapshot.rows), grouped(snapshot.rows_estimate), bar(snapshot.share),
                          snapshot.share * 100, grouped(static_cast<std::uint64_t>(snapshot.rows_per_second)),
                          left_of(snapshot), snapshot.state == "reading" ? "" : snapshot.state));
    if (!snapshot.note.empty()) page.line("  -> " + snapshot.note, kYellow);
  }
  if (shown < running.size()) page.line(fmt::format("… and {} more tables", running.size() - shown), kDim);
}

void streams(Page& page, const LineStatus& status, std::size_t kept) {
  std::vector<const StreamLine*> all;
  for (const StreamLine& stream : status.streams) all.push_back(&stream);
  // What needs a look first, then the busiest.
  std::stable_sort(all.begin(), all.end(), [](const StreamLine* a, const StreamLine* b) {
    if (a->error.empty() != b->error.empty()) return !a->error.empty();
    return a->rows_per_second > b->rows_per_second;
  });
  if (all.empty()) return;
  page.gap();
  page.line(fmt::format("{:<30} {:>13} {:>9} {:>10} {:>11} {:>8} {:>9}  {}", "stream", "rows", "rows/s",
                        "bytes", "bytes/s", "lag s", "lag", "state"),
            kBold);
  std::size_t shown = 0;
  for (const StreamLine* stream : all) {
    if (page.room(kept) < 2) break;
    ++shown;
    page.line(fmt::format("{:<30} {:>13} {:>9} {:>10} {:>11} {:>8} {:>9}  {}", stream->name,
                          grouped(stream->rows), grouped(static_cast<std::uint64_t>(stream->rows_per_second)),
                          human_bytes(static_cast<double>(stream->bytes)),
                          human_bytes(stream->bytes_per_second) + "/s", lag_text(stream->lag_seconds),
                          stream->lag_seconds ? human_bytes(static_cast<double>(stream->lag_bytes)) : "?",
                          stream->state),
              stream->error.empty() ? std::string_view{} : kRed);
    if (!stream->error.empty()) page.line("  -> " + stream->error + " (" + stream->hint + ")", kRed);
  }
  if (shown < all.size()) page.line(fmt::format("… and {} more streams", all.size() - shown), kDim);
}

void urls(Page& page, const EndpointLine& endpoints) {
  page.gap();
  page.line("page       " + endpoints.http);
  page.line("ClickHouse " + endpoints.clickhouse);
  page.line("PostgreSQL " + endpoints.postgres);
}

std::string plain(const LineStatus& status) {
  return fmt::format("{} rows={} rows/s={:.0f} bytes/s={:.0f} lag_s={} lag_bytes={} {}",
                     clock_time(status.uptime_seconds), status.total.rows, status.total.rows_per_second,
                     status.total.bytes_per_second, lag_text(status.total.lag_seconds),
                     status.total.lag_bytes,
                     status.ready.ready ? "ready" : "not ready: " + status.ready.reason);
}

std::string plain_snapshot(const StreamLine& stream) {
  const SnapshotLine& snapshot = *stream.snapshot;
  return fmt::format("  snapshot {} {} rows={} of={} share={:.0f}% rows/s={:.0f} left={}", stream.name,
                     snapshot.state, snapshot.rows, snapshot.rows_estimate, snapshot.share * 100,
                     snapshot.rows_per_second, left_of(snapshot));
}

std::string plain(const StreamLine& stream) {
  return fmt::format("  stream {} rows={} rows/s={:.1f} bytes/s={:.0f} lag_s={} lag_bytes={}", stream.name,
                     stream.rows, stream.rows_per_second, stream.bytes_per_second,
                     lag_text(stream.lag_seconds), stream.lag_bytes);
}

}  // namespace

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), 1, ',');
  return digits;
}

std::string lag_text(const std::optional<double>& seconds) {
  return seconds ? fmt::format("{:.1f}", *seconds) : "unknown";
}

std::string human_bytes(double bytes) {
  constexpr std::array<const char*, 5> kUnits{"B", "kB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  for (; bytes >= 1000 && unit + 1 < kUnits.size(); ++unit) bytes /= 1000;
  return unit == 0 ? fmt::format("{:.0f} {}", bytes, kUnits[unit])
                   : fmt::format("{:.1f} {}", bytes, kUnits[unit]);
}

std::string clock_time(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds);
  return fmt::format("{:02}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

std::vector<std::string> picture(const LineStatus& status, const TextStyle& style) {
  constexpr std::size_t kUrlLines = 4;
  Page page(style);
  head(page, status);
  stages(page, status);
  snapshots(page, status, kUrlLines);
  streams(page, status, kUrlLines);
  urls(page, status.endpoints);
  return page.take();
}

namespace {

std::string plain_error(const std::string& name, std::string_view state, const std::string& error,
                        const std::string& hint) {
  const std::string line = fmt::format("  {} {}: {}", name, state, error);
  return hint.empty() ? line : fmt::format("{} ({})", line, hint);
}

}  // namespace

std::vector<std::string> plain_lines(const LineStatus& status) {
  std::vector<std::string> lines{plain(status)};
  for (const StreamLine& stream : status.streams)
    if (snapshotting(stream)) lines.push_back(plain_snapshot(stream));
  for (const StreamLine& stream : status.streams)
    if (stream.rows_per_second > 0 || stream.lag_bytes > 0) lines.push_back(plain(stream));
  for (const StageLine& stage : status.stages)
    if (!stage.error.empty()) lines.push_back(plain_error(stage.name, stage.state, stage.error, stage.hint));
  for (const StreamLine& stream : status.streams)
    if (!stream.error.empty())
      lines.push_back(plain_error(stream.name, stream.state, stream.error, stream.hint));
  std::ranges::transform(lines, lines.begin(), printable);
  return lines;
}

}  // namespace freshet::app
