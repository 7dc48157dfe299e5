// The embedded journal: append-only segment files in one folder (docs/formats/journal.md). Writer and reader
// may be in one process or in two; they share nothing but the folder.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "journal/backlog.h"
#include "journal/journal.h"
#include "journal/last_sealed.h"

namespace freshet::journal {

struct EmbeddedOptions {
  std::filesystem::path directory;
  // What the journal may hold on disk. Advice to the appender (Writer::room): a transaction that is being
  // appended is never cut in two for it.
  std::uint64_t limit = std::uint64_t{16} << 30;
  // A new segment file is begun beyond this, or an eighth of the limit if that is less. Retention removes
  // whole segments.
  std::uint64_t segment_bytes = std::uint64_t{64} << 20;
  // How long records are kept after load has released them, as long as three quarters of the limit suffice.
  std::chrono::seconds retention_age{0};
  const Clock* clock = &system_clock();
};

// Makes the journal when there is none; cuts off what a dead writer left unsealed; begins a new generation.
// Throws Error{config} when another process writes it, Error{data} when sealed records are damaged.
std::unique_ptr<Writer> open_writer(const EmbeddedOptions& options);

// The journal need not be there yet.
std::unique_ptr<Reader> open_reader(const EmbeddedOptions& options);

// The journal need not be there yet.
std::unique_ptr<Backlog> open_backlog(const EmbeddedOptions& options);

// Only reads, also beside a writer. Nothing when there is no journal. Throws Error{data} when it is damaged.
std::optional<LastSealed> read_last_sealed(const EmbeddedOptions& options);

}  // namespace freshet::journal
