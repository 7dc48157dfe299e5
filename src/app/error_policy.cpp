#include "app/error_policy.h"

#include <algorithm>

#include "base/check.h"

namespace freshet::app {
namespace {

using namespace std::chrono_literals;

constexpr Policy kTable[] = {
    {ErrorKind::transient, Action::retry, 200ms, 30s, "nothing to do unless it lasts: it is tried again"},
    {ErrorKind::in_doubt, Action::retry, 200ms, 30s, "nothing to do: repeating it changes nothing"},
    {ErrorKind::schema, Action::wait_for_operator, 5s, 60s, "compare the table with its contract"},
    {ErrorKind::permission, Action::wait_for_operator, 5s, 60s,
     "grant what the message names, or check the password"},
    {ErrorKind::capacity, Action::wait_for_operator, 2s, 30s, "make room for what the message names"},
    {ErrorKind::data, Action::stop, 0s, 0s, "keep DATA as it is, and look at the log before the next start"},
    {ErrorKind::config, Action::stop, 0s, 0s, "mend what the message names, and start again"},
    {ErrorKind::identity, Action::stop, 0s, 0s,
     "make sure that this is the right database before you do anything"},
    {ErrorKind::unsupported, Action::stop, 0s, 0s, "this is outside of what Freshet does"},
    {ErrorKind::cancelled, Action::stop, 0s, 0s, "it was asked to stop"},
};

}  // namespace

std::string_view to_string(Action action) {
  switch (action) {
    case Action::retry: return "retry";
    case Action::wait_for_operator: return "wait_for_operator";
    case Action::stop: return "stop";
  }
  return "stop";
}

const Policy& policy_for(ErrorKind kind) {
  const auto* found = std::find_if(std::begin(kTable), std::end(kTable),
                                   [kind](const Policy& row) { return row.kind == kind; });
  CHECK(found != std::end(kTable));
  return *found;
}

std::string hint_of(const Error& error) {
  return error.hint().empty() ? std::string(policy_for(error.kind()).hint) : error.hint();
}

std::chrono::milliseconds pause_after(const Policy& policy, int failures_in_a_row) {
  const int doublings = std::min(failures_in_a_row, 20);
  return std::min(policy.first_pause * (1 << doublings), policy.longest_pause);
}

}  // namespace freshet::app
