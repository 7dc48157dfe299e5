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
  // Called by load's thread; again and again for keys whose rows don't come. Throws nothing that may pass.
  std::function<void(UnresolvedKeys)> on_unresolved = {};
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

  // Has a stream that stopped tried again, with the next round. The answer comes when it is noted;
  // Error{config} for a stream that isn't known or doesn't stand.
  std::future<void> resume(std::string stream);

  // Freezes mirrors between two rounds.
  std::future<FrozenSet> freeze(std::vector<std::string> mirrors);

 private:
  class Line;  // load between two failures (line.h)
  struct ResumeRequest {
    std::string stream;
    std::promise<void> answer;
  };
  struct FreezeRequest {
    std::vector<std::string> mirrors;
    std::promise<FrozenSet> answer;
  };
  using Request = std::variant<ResumeRequest, FreezeRequest>;

  template <class Answer>
  std::future<Answer> ask(Request request, std::future<Answer> answer);
  void refuse_requests();

  const LoadOptions options_;
  const std::vector<contract::StreamContract> contracts_;
  journal::Reader& reader_;
  const clickhouse::Endpoint endpoint_;
  Clock& clock_;
  StatusBoard board_;
  BoundedQueue<Request> requests_;
};

}  // namespace freshet::load
