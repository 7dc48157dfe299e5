// The bytes are a journal's folder (folder.h): segments, held files and the small files beside them. Whatever
// they say, a reader, the status' backlog and a writer refuse it or go on; and what a writer appends to a
// journal that it has accepted comes back, behind what was there.
#include <unistd.h>

#include <string>

#include "base/check.h"
#include "base/error.h"
#include "base/log.h"
#include "fuzz/folder.h"
#include "fuzz/targets.h"
#include "journal/backlog.h"
#include "journal/embedded.h"

namespace freshet::fuzz {
namespace {

using namespace journal;

constexpr int kWatermarksMax = 20;  // of a folder; the seeds have fewer
constexpr std::uint64_t kBytesAhead = 1 << 20;

// In memory where there is some: opening syncs a dozen times.
std::filesystem::path new_folder() {
  const std::string parent = std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : "/tmp";
  std::string name = parent + "/freshet-fuzz-XXXXXX";
  CHECK(::mkdtemp(name.data()) != nullptr);
  return name;
}

struct Folder {
  explicit Folder(std::string_view bytes) { unpack_folder(bytes, path); }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::filesystem::path path = new_folder();
  const EmbeddedOptions options{.directory = path, .limit = 64 << 20, .segment_bytes = 1 << 20};
};

// Refused with a reason: no bytes make it any other failure.
template <class Read>
bool accepted(const Read& read) try {
  read();
  return true;
} catch (const Error&) {
  return false;
}

// Every watermark, and the records between each and the one before: in order, without a gap, once.
std::optional<Watermark> read_through(Reader& reader) {
  std::optional<Watermark> at;
  for (int i = 0; i < kWatermarksMax; ++i) {
    std::optional<Watermark> next = reader.next(at, kBytesAhead, std::chrono::milliseconds(0));
    if (!next) break;
    CHECK(!at || next->number > at->number);
    Ends seen = at ? at->ends : Ends();
    reader.read(at ? at->ends : Ends(), next->ends,
                [&](const Change& change, const Partition& partition, Offset offset) {
                  CHECK(change.schema != nullptr);
                  CHECK(seen[partition] == offset);
                  CHECK(change.version().epoch() == change.epoch);
                  seen[partition] = Offset(offset.value() + 1);
                });
    for (const auto& [partition, end] : next->ends) CHECK(seen[partition] >= end);
    at = std::move(next);
  }
  return at;
}

void read_status(const EmbeddedOptions& options) {
  const auto reader = open_reader(options);
  reader->gaps();
  reader->bytes();
  open_backlog(options)->ahead_of({});
}

TableSchema new_table() {
  TableSchema table;
  table.schema = "fuzz";
  table.table = "appended";
  table.columns.push_back({"id", builtin_type(23, -1), true, false});
  return table;
}

void append_and_read_back(const EmbeddedOptions& options, Writer& writer) {
  const TableSchema table = new_table();
  Change change;
  change.schema = &table;
  change.row = std::string_view(
      "t\0\0\0\1"
      "7",
      6);
  const std::optional<Watermark> before = writer.last();
  change.commit_lsn = before ? before->commit_lsn : Lsn(1);
  writer.append(change);
  const Watermark sealed = writer.seal(change.commit_lsn, 0).get();
  const Partition partition{stream_name(table), 0};
  const auto begin = before ? before->ends.find(partition) : Ends::const_iterator();
  const Ends from{{partition, before && begin != before->ends.end() ? begin->second : Offset()}};
  int found = 0;
  open_reader(options)->read(from, {{partition, sealed.ends.at(partition)}},
                             [&](const Change& read, const Partition&, Offset) {
                               found += read.row == change.row && *read.schema == table ? 1 : 0;
                             });
  CHECK(found >= 1);
}

void write(const EmbeddedOptions& options) {
  std::optional<Generation> generation;
  if (!accepted([&] {
        const auto writer = open_writer(options);
        generation = writer->generation();
        append_and_read_back(options, *writer);
      }))
    return;
  // What was accepted once and written to by us is accepted again.
  CHECK(open_writer(options)->generation() > *generation);
}

}  // namespace

void segments(std::string_view bytes) {
  log::configure(log::Level::error, STDERR_FILENO);
  const Folder folder(bytes);
  accepted([&] { read_through(*open_reader(folder.options)); });
  accepted([&] { read_status(folder.options); });
  write(folder.options);
}

}  // namespace freshet::fuzz
