// EmbeddedReader: follows the log by the writer's tail file, from this process or another one.
#pragma once

#include "journal/embedded.h"
#include "journal/embedded/log_index.h"

namespace freshet::journal {

class EmbeddedReader final : public Reader {
 public:
  explicit EmbeddedReader(const EmbeddedOptions& options)
      : options_(options), index_(Layout(options.directory)) {}

  std::optional<Watermark> next(const std::optional<Watermark>& after, std::uint64_t max_bytes,
                                std::chrono::milliseconds wait) override;
  void read(const Ends& from, const Ends& to, const Visitor& visit,
            const std::function<bool(const std::string& stream)>& only) override;
  void read_while(const Partition& partition, Offset from, Offset to, const Taker& take) override;
  void release(const Durable<Ends>& ends, const std::set<std::string>& held) override;
  Ends gaps() const override;
  std::uint64_t bytes() const override;
  std::uint64_t limit() const override { return options_.limit; }

 private:
  struct Scan {
    std::optional<Watermark> found;
  };

  bool nothing_above(const std::optional<Watermark>& after);
  std::optional<Watermark> newest_within(const std::optional<Watermark>& after, std::uint64_t max_bytes);
  // Over headers, from a place on, for watermarks above `number`. Nothing when retention has taken a file on
  // the way.
  std::optional<Scan> scan_from(Place place, std::uint64_t number, std::uint64_t max_bytes);

  EmbeddedOptions options_;
  LogIndex index_;
};

}  // namespace freshet::journal
