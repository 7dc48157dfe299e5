// A writer killed with -9 again and again, and a reader in another process that follows it.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <random>

#include "embedded_journal.h"

namespace freshet::journal {
namespace {

constexpr int kRounds = 20;

// In memory that parent and child share: what the child was told is durable.
struct Shared {
  std::atomic<std::uint64_t> confirmed{0};
};

// Never returns: transaction n has n % 40 + 1 rows in two streams, committed at LSN n.
[[noreturn]] void write_until_killed(const EmbeddedOptions& options, Shared& shared) {
  const auto orders = make_table("orders"), items = make_table("items");
  const auto writer = open_writer(options);
  std::uint64_t lsn = writer->last() ? writer->last()->commit_lsn.value() : 0;
  while (true) {
    ++lsn;
    for (std::uint64_t i = 0; i <= lsn % 40; ++i) {
      writer->append(
          insert(orders, lsn, std::string(200 + i * 13, static_cast<char>('a' + i % 26))).change());
      if (i % 4 == 0) writer->append(insert(items, lsn, "i").change());
    }
    if (lsn % 3 != 0) continue;
    shared.confirmed = writer->seal(Lsn(lsn), 0).get().commit_lsn.value();
  }
}

class Kill : public EmbeddedJournalTest {
 protected:
  // Reads the next range as load does and counts each transaction's rows.
  void follow(Reader& reader) {
    const std::optional<Watermark> next = reader.next(at_, ~0u, std::chrono::seconds(10));
    ASSERT_TRUE(next);
    std::map<std::uint64_t, std::uint64_t> orders;
    for (const auto& [stream, rows] : read_all(reader, at_ ? at_->ends : Ends(), next->ends))
      for (const Seen& seen : rows) {
        if (seen.row.commit_lsn > next->commit_lsn) {
          ASSERT_LT(seen.generation, next->generation);
          continue;
        }
        if (stream == "app.orders") ++orders[seen.row.commit_lsn.value()];
      }
    for (std::uint64_t lsn = at_ ? at_->commit_lsn.value() + 1 : 1; lsn <= next->commit_lsn.value(); ++lsn)
      ASSERT_EQ(orders[lsn], lsn % 40 + 1) << "transaction " << lsn;
    at_ = next;
    reader.release(Confirmed::ends(next->ends), {});
  }

  std::optional<Watermark> at_;
};

TEST_F(Kill, LosesNothingThatWasConfirmedAndDoublesNothing) {
  options_.limit = 4 << 20;
  options_.segment_bytes = 64 << 10;
  void* memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  Shared& shared = *new (memory) Shared;
  std::mt19937 random(7);
  const auto reader = open_reader(options_);
  for (int round = 0; round < kRounds; ++round) {
    const pid_t child = fork();
    if (child == 0) write_until_killed(options_, shared);
    const std::uint64_t until = shared.confirmed + 1 + random() % 300;
    while (shared.confirmed < until && !HasFatalFailure()) follow(*reader);
    kill(child, SIGKILL);
    ASSERT_EQ(waitpid(child, nullptr, 0), child);
    while (at_->commit_lsn.value() < shared.confirmed && !HasFatalFailure()) follow(*reader);
    if (HasFatalFailure()) break;
  }
  EXPECT_LT(segments().size(), 40u) << "retention went on through the kills";
  munmap(memory, sizeof(Shared));
}

}  // namespace
}  // namespace freshet::journal
