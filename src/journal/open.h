// Either journal, as the project says: app chooses here, and nobody after it knows which one it is.
#pragma once

#include <memory>
#include <optional>
#include <variant>

#include "journal/backlog.h"
#include "journal/embedded.h"
#include "journal/journal.h"
#include "journal/kafka.h"
#include "journal/last_sealed.h"

namespace freshet::journal {

using JournalOptions = std::variant<EmbeddedOptions, KafkaOptions>;

inline std::unique_ptr<Writer> open_writer(const JournalOptions& options) {
  return std::visit([](const auto& journal) { return open_writer(journal); }, options);
}

inline std::unique_ptr<Reader> open_reader(const JournalOptions& options) {
  return std::visit([](const auto& journal) { return open_reader(journal); }, options);
}

inline std::unique_ptr<Backlog> open_backlog(const JournalOptions& options) {
  return std::visit([](const auto& journal) { return open_backlog(journal); }, options);
}

inline std::optional<LastSealed> read_last_sealed(const JournalOptions& options) {
  return std::visit([](const auto& journal) { return read_last_sealed(journal); }, options);
}

}  // namespace freshet::journal
