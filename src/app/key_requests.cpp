#include "app/key_requests.h"

#include "app/control.h"
#include "app/unresolved_keys.h"
#include "base/error.h"
#include "base/log.h"

namespace freshet::app {
namespace {

// Load waits as long for the answer of another process.
constexpr std::chrono::seconds kNeighbourDeadline{2};
constexpr std::chrono::milliseconds kLook{200};  // how long a stop request may stay unseen

}  // namespace

void KeyRequests::send(const capture::KeyRequest& request) {
  if (capture_ != nullptr) {
    capture_->request(request);
    return;
  }
  const std::string text = to_json(request);
  try {
    if (ask_neighbour(text)) return;
    if (!kafka_) throw Error(ErrorKind::transient, "no capture runs on this data folder");
    send_far(text);
  } catch (const Error& error) {
    log::warn("keys_not_asked_for", {{"table", request.schema + "." + request.table},
                                     {"keys", request.keys.size()},
                                     {"message", error.message()}});
  }
}

bool KeyRequests::ask_neighbour(const std::string& request) const {
  return ask(socket_, "read_keys", request, kNeighbourDeadline).has_value();
}

void KeyRequests::send_far(const std::string& request) {
  const MutexLock lock(mutex_);
  try {
    if (!sender_) sender_ = std::make_unique<journal::RequestSender>(*kafka_);
    sender_->send(request);
  } catch (...) {
    sender_.reset();  // a producer that has failed is of no more use
    throw;
  }
}

void KeyRequests::listen(std::stop_token stop) {
  journal::RequestListener listener(kafka_.value());
  while (!stop.stop_requested()) {
    const auto request = listener.next(kLook);
    if (!request) continue;
    try {
      capture_->request(key_request(*request));
    } catch (const Error& error) {
      log::warn("request_not_understood", {{"message", error.message()}});
    }
  }
}

}  // namespace freshet::app
