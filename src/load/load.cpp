#include "load/load.h"

#include "base/log.h"
#include "load/line.h"

namespace freshet::load {
namespace {

constexpr std::size_t kRequestsQueued = 64;
constexpr std::chrono::milliseconds kPauseAfterFailure{1'000};

// What a failure of the whole line calls for.
enum class Policy { end, again, give_up };

Policy policy_for(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::cancelled: return Policy::end;
    case ErrorKind::transient:
    case ErrorKind::in_doubt:
    case ErrorKind::capacity: return Policy::again;
    case ErrorKind::data:
    case ErrorKind::schema:
    case ErrorKind::config:
    case ErrorKind::permission:
    case ErrorKind::identity:
    case ErrorKind::unsupported: return Policy::give_up;
  }
  return Policy::give_up;
}

}  // namespace

Load::Load(LoadOptions options, std::vector<contract::StreamContract> contracts, journal::Reader& reader,
           clickhouse::Endpoint endpoint, Clock& clock)
    : options_(std::move(options)),
      contracts_(std::move(contracts)),
      reader_(reader),
      endpoint_(std::move(endpoint)),
      clock_(clock),
      board_(clock),
      requests_(kRequestsQueued) {}

Load::~Load() = default;

void Load::run(const std::stop_token& stop) {
  Lead lead(options_.lead, clock_);
  clickhouse::Client client(endpoint_);
  while (!stop.stop_requested()) {
    try {
      if (lead.term() == 0) lead.claim(client, stop);
      Line(*this, lead, stop).run();
    } catch (const Error& error) {
      const Policy policy = policy_for(error.kind());
      if (policy == Policy::end) break;
      log::error("load_failed", {{"error", error.what()}, {"kind", to_string(error.kind())}});
      board_.failed(policy == Policy::again ? LoadState::waiting_for_clickhouse : LoadState::failed, error);
      if (policy == Policy::give_up) throw;
      clock_.sleep(kPauseAfterFailure, stop);
    }
  }
  if (lead.term() != 0) lead.release(client);
  refuse_requests();
  board_.set_state(LoadState::stopped);
}

void Load::refuse_requests() {
  while (std::optional<Request> request = requests_.pop({}, std::chrono::milliseconds(0)))
    std::visit(
        [](auto& one) {
          one.answer.set_exception(std::make_exception_ptr(Error(ErrorKind::cancelled, "load has stopped")));
        },
        *request);
}

template <class Asked>
auto Load::ask(Asked request) {
  auto answer = request.answer.get_future();
  if (!requests_.try_push(std::move(request)))
    throw Error(ErrorKind::capacity, "too many requests wait for load", "try again when a round has ended");
  return answer;
}

std::future<void> Load::add(std::vector<contract::StreamContract> contracts) {
  return ask(AddRequest{std::move(contracts), {}});
}

std::future<void> Load::resume(std::string stream) {
  return ask(ResumeRequest{std::move(stream), {}});
}

std::future<void> Load::try_again() {
  return ask(TryAgainRequest{});
}

std::future<void> Load::pause(std::string stream) {
  return ask(PauseRequest{std::move(stream), {}});
}

std::future<std::vector<Replayed>> Load::replay(std::vector<std::string> streams) {
  return ask(ReplayRequest{std::move(streams), {}});
}

std::future<std::uint64_t> Load::drop(std::string stream, Quarantine::Drop drop) {
  return ask(DropRequest{std::move(stream), std::move(drop), {}});
}

std::future<SweepQuestion> Load::answer_sweep(std::string stream, SweepAnswer sweep) {
  return ask(SweepRequest{std::move(stream), std::move(sweep), {}});
}

std::future<void> Load::note_repair(RepairNote note) {
  return ask(RepairRequest{std::move(note), {}});
}

std::future<void> Load::read_anew(std::vector<std::string> streams) {
  return ask(ReadAnewRequest{std::move(streams), {}});
}

std::future<FrozenSet> Load::freeze(std::vector<std::string> mirrors) {
  return ask(FreezeRequest{std::move(mirrors), {}});
}

}  // namespace freshet::load
