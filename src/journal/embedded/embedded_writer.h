// EmbeddedWriter: gathers each stream's records in an open block, writes blocks to the shared log, seals.
#pragma once

#include <optional>
#include <unordered_map>

#include "adapter/files/directory.h"
#include "journal/embedded.h"
#include "journal/embedded/retention.h"
#include "journal/embedded/segment_log.h"

namespace freshet::journal {

class EmbeddedWriter final : public Writer, DurabilityWitness<EmbeddedWriter> {
 public:
  explicit EmbeddedWriter(const EmbeddedOptions& options);

  Generation generation() const override { return state_.generation; }
  const std::optional<Watermark>& last() const override { return state_.last; }
  std::uint64_t room() override;
  void append(const Change& change) override;
  Durable<Watermark> seal(Lsn commit_lsn, Micros committed_at) override;
  void keep(std::string notes) override { notes_ = std::move(notes); }
  const std::string& kept() const override { return notes_; }
  void set_epoch(Epoch epoch) override;

 private:
  // The records of one stream that aren't in the log yet; all of one schema and epoch.
  struct OpenBlock {
    std::uint32_t stream = 0;
    std::uint32_t schema = 0;              // in use; 0: none was announced in this run
    const TableSchema* address = nullptr;  // of the one in use, where it was seen since the last seal
    std::string raw{};
    std::uint32_t records = 0;
    Lsn lowest_commit{};
    Lsn highest_commit{};
  };

  void open();
  void mark_opening();
  void make_room(OpenBlock& block, std::size_t size);
  void put(const BlockHeader& header, std::string_view raw);
  template <class Work>
  auto or_fail(const Work& work);
  OpenBlock& block_of(const TableSchema& schema);
  OpenBlock& stream_of(const TableSchema& schema);
  void announce(OpenBlock& block, const TableSchema& schema);
  void flush(OpenBlock& block);
  void flush_all();
  bool segment_full() const { return log_.filled() >= options_.segment_bytes; }
  void next_segment();
  void publish();
  std::uint64_t bytes() const { return retention_->bytes() + log_.end().byte; }
  void require_usable() const;

  EmbeddedOptions options_;
  Layout layout_;
  files::DirectoryLock lock_;
  files::File tail_;
  SegmentLog log_;
  LogState state_;                      // of everything in the log
  std::optional<Retention> retention_;  // there once the log is open
  Place durable_;                       // the end of the last seal
  std::string notes_;                   // state_.notes after the next seal
  Epoch epoch_ = 0;
  std::deque<OpenBlock> blocks_;  // by stream number - 1
  // Until the next seal a schema is known by its address.
  std::unordered_map<const TableSchema*, OpenBlock*> by_address_;
  const TableSchema* recent_ = nullptr;
  OpenBlock* recent_block_ = nullptr;
  std::uint64_t open_bytes_ = 0;  // in all open blocks
  bool failed_ = false;
};

}  // namespace freshet::journal
