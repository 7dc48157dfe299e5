// EmbeddedBacklog: follows the log's block headers, each once, and remembers per stream what lies where above
// the position that was asked for last.
#pragma once

#include <deque>
#include <map>
#include <optional>

#include "journal/embedded.h"
#include "journal/embedded/log_index.h"

namespace freshet::journal {

class EmbeddedBacklog final : public Backlog {
 public:
  explicit EmbeddedBacklog(const EmbeddedOptions& options) : index_(Layout(options.directory)) {}

  std::map<std::string, std::uint64_t> ahead_of(const Ends& positions) override;

 private:
  // Neighbouring blocks of one stream.
  struct Span {
    std::uint64_t first = 0;
    std::uint64_t end = 0;
    std::uint64_t bytes = 0;
  };

  Place first_place(const Ends& positions);
  void follow(const Ends& positions);
  void note(const BlockHeader& header);
  std::uint64_t bytes_above(std::deque<Span>& spans, std::uint64_t position) const;
  void add_held(const Ends& positions, std::map<std::string, std::uint64_t>& ahead);

  LogIndex index_;
  std::optional<Place> next_;  // where to go on; nothing: before the first look
  std::map<std::uint32_t, std::deque<Span>> spans_;
};

}  // namespace freshet::journal
