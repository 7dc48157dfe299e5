// The way of keys that capture shall read: to the capture of this process, by the control socket of the one
// on the same DATA, or through the cluster to one anywhere. Called by load's thread and the control socket's.
#pragma once

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>

#include "app/capture_stage.h"
#include "base/guarded.h"
#include "journal/kafka/requests.h"

namespace freshet::app {

class KeyRequests {
 public:
  // `capture`: nothing where another process has it. `socket`: that process's.
  KeyRequests(CaptureStage* capture, std::filesystem::path socket, std::optional<journal::KafkaOptions> kafka)
      : capture_(capture), socket_(std::move(socket)), kafka_(std::move(kafka)) {}

  // Nothing is lost where capture doesn't get it: load asks again.
  void send(const capture::KeyRequest& request);

  // A stage beside capture: passes on what comes through the cluster.
  void listen(std::stop_token stop);

 private:
  bool ask_neighbour(const std::string& request) const;
  void send_far(const std::string& request);

  CaptureStage* const capture_;
  const std::filesystem::path socket_;
  const std::optional<journal::KafkaOptions> kafka_;
  Mutex mutex_;
  std::unique_ptr<journal::RequestSender> sender_ GUARDED_BY(mutex_);
};

}  // namespace freshet::app
