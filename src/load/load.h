// Load: the stage between the journal and the mirrors. One thread runs it: it takes the journal's next
// watermark, writes down that it is going to load up to it, loads exactly that, and writes down that it has
// (round.h). A few more threads send the blocks. status() and the requests may be called from any thread.
#pragma once

#include <future>
#include <memory>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "adapter/clickhouse/client.h"
#include "base/clock.h"
#include "base/queue.h"
#include "contract/contract.h"
#include "journal/journal.h"
#include "load/freeze.h"
#include "load/lead.h"
#include "load/pace.h"
#include "load/repair_note.h"
#include "load/status.h"
#include "load/table_load.h"

namespace freshet::load {

struct LoadOptions {
  LeadOptions lead;
  Pace::Limits pace;
  int connections = 4;  // for inserts; one more is load's own
  clickhouse::Encoding encoding = clickhouse::Encoding::lz4;
  // Undecoded changes of all tables together; beyond, the largest batch goes out.
  std::size_t batch_bytes_max = 48 << 20;
  // Of a mirror, for one statement that walks all of it in portions: FINAL reads some 50 million rows a
  // second on two cores, and a statement has half a minute.
  std::uint64_t walk_rows = 16'000'000;
  // Of one table in quarantine; beyond, its stream stops, and its changes stay in the journal.
  std::uint64_t quarantine_bytes_max = std::uint64_t{4} << 30;
  // Of what is read, and sent, at once for changes that lack values (unchanged TOAST).
  std::size_t fill_bytes_max = 16 << 20;
  // Of one answer of ClickHouse; what needs more stops its stream.
  std::size_t answer_bytes_max = (std::size_t{1} << 30) + (std::size_t{64} << 20);
  // Of one table's quarantine, taken up again in one round: between two of them come the streams' own.
  std::uint64_t replay_rows = 10'000;
  // Of the streams that catch up, all together, read in one round: as long do the others wait for their own.
  // A transaction is taken whole.
  std::uint64_t catch_up_bytes = 8 << 20;
  SweepLimits sweep = {};
  // Called by load's thread; again and again for keys whose rows don't come. Throws nothing that may pass.
  std::function<void(UnresolvedKeys)> on_unresolved = {};
};

struct Replayed {
  std::string stream;
  std::uint64_t left = 0;  // in quarantine still
  std::string reason;      // of the first of them, or why the stream stands
  std::string hint;
};

class Load {
 public:
  // The reader is load's alone while run() is under way.
  Load(LoadOptions options, std::vector<contract::StreamContract> contracts, journal::Reader& reader,
       clickhouse::Endpoint endpoint, Clock& clock = system_clock());
  ~Load();

  // Until stopped. What may pass is tried again; throws Error for what needs somebody's hand, and when
  // another load has taken the lead.
  void run(const std::stop_token& stop);

  LoadStatus status() const { return board_.read(); }

  // Takes in streams as if it had had them from its start; those it has stay as they are. The answer comes
  // when their mirrors are there. Error{config} for one that can have none: then none is taken in.
  std::future<void> add(std::vector<contract::StreamContract> contracts);

  // Has a stream that stopped, or was paused, go on with the next round. The answer comes when it is noted;
  // Error{config} for a stream that isn't known or doesn't stand.
  std::future<void> resume(std::string stream);
  // Likewise every stream that has stopped; where nothing was mended it stops again.
  std::future<void> try_again();
  // Has a stream stand where it is.
  std::future<void> pause(std::string stream);

  // Takes up again what these streams have in quarantine, in order; none: all that have something there. A
  // stream that stands keeps it, and the others go on. Error{config} for one that isn't known or has nothing
  // there: then nothing is replayed.
  std::future<std::vector<Replayed>> replay(std::vector<std::string> streams);
  // Gives up changes in quarantine, and replays what waited behind them. How many were given up.
  // Error{config} where one of them isn't there: then none is.
  std::future<std::uint64_t> drop(std::string stream, Quarantine::Drop drop);

  // Somebody's word on a sweep that asks. The answer comes when it is noted; what is allowed goes with the
  // stream's next round. Error{config} for a stream that isn't known, or whose sweep doesn't ask
  // that, or not any more.
  std::future<SweepQuestion> answer_sweep(std::string stream, SweepAnswer sweep);

  // The record of a repair by keys. The answer comes when it is kept; Error{config} for a stream that isn't
  // known, or, at its beginning, doesn't run.
  std::future<void> note_repair(RepairNote note);

  // The tables of these streams are to be read from their beginning. One that stopped gives up the changes it
  // stopped at, and goes on with that reading; all others go on as they are. The answer comes when it is
  // noted.
  std::future<void> read_anew(std::vector<std::string> streams);

  // Freezes mirrors between two rounds.
  std::future<FrozenSet> freeze(std::vector<std::string> mirrors);

 private:
  class Line;  // load between two failures (line.h)
  struct AddRequest {
    std::vector<contract::StreamContract> contracts;
    std::promise<void> answer;
  };
  struct ResumeRequest {
    std::string stream;
    std::promise<void> answer;
  };
  struct TryAgainRequest {
    std::promise<void> answer;
  };
  struct PauseRequest {
    std::string stream;
    std::promise<void> answer;
  };
  struct ReplayRequest {
    std::vector<std::string> streams;
    std::promise<std::vector<Replayed>> answer;
  };
  struct DropRequest {
    std::string stream;
    Quarantine::Drop drop;
    std::promise<std::uint64_t> answer;
  };
  struct SweepRequest {
    std::string stream;
    SweepAnswer sweep;
    std::promise<SweepQuestion> answer;
  };
  struct RepairRequest {
    RepairNote note;
    std::promise<void> answer;
  };
  struct FreezeRequest {
    std::vector<std::string> mirrors;
    std::promise<FrozenSet> answer;
  };
  struct ReadAnewRequest {
    std::vector<std::string> streams;
    std::promise<void> answer;
  };
  using Request = std::variant<AddRequest, ResumeRequest, TryAgainRequest, PauseRequest, ReplayRequest,
                               DropRequest, SweepRequest, RepairRequest, FreezeRequest, ReadAnewRequest>;

  template <class Asked>
  auto ask(Asked request);
  void refuse_requests();

  const LoadOptions options_;
  std::vector<contract::StreamContract> contracts_;  // of load's thread
  journal::Reader& reader_;
  const clickhouse::Endpoint endpoint_;
  Clock& clock_;
  StatusBoard board_;
  BoundedQueue<Request> requests_;
};

}  // namespace freshet::load
