// An embedded journal in a folder of its own, and a hand on its files.
#pragma once

#include <filesystem>
#include <fstream>

#include "journal/embedded.h"
#include "rows.h"
#include "support/process.h"

namespace freshet::journal {

// Folders in memory where there are some: these tests open and sync thousands of times, and what they look at
// is what was written, not the disk.
inline std::string quick_folder() {
  return std::filesystem::is_directory("/dev/shm") ? "/dev/shm/freshet-" : "freshet-";
}

class EmbeddedJournalTest : public testing::Test {
 protected:
  std::filesystem::path directory() const { return options_.directory; }

  std::vector<std::filesystem::path> segments() const {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(directory() / "segments"))
      found.push_back(entry.path());
    std::sort(found.begin(), found.end());
    return found;
  }
  std::filesystem::path last_segment() const { return segments().back(); }

  static std::string content(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static void put(const std::filesystem::path& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }

  Watermark seal(Writer& writer, const std::vector<Row>& rows) {
    for (const Row& row : rows) writer.append(row.change());
    return writer.seal(rows.back().commit_lsn, 0).get();
  }
  std::vector<Row> read(const Ends& to, const Ends& from = {}) {
    return rows_of(read_all(*open_reader(options_), from, to), "app.orders");
  }

  test::TempDir folder_{quick_folder()};
  EmbeddedOptions options_{.directory = folder_.path() + "/journal"};
  std::shared_ptr<TableSchema> orders_ = make_table("orders");
};

}  // namespace freshet::journal
