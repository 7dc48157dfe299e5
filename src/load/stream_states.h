// StreamStates: which streams don't run, and why (freshet.streams). Load's thread.
#pragma once

#include <map>
#include <string>

#include "load/session.h"
#include "load/status.h"

namespace freshet::load {

struct Standing {
  StreamState state = StreamState::stopped;
  std::string reason;
  std::string hint;
};

class StreamStates {
 public:
  explicit StreamStates(Session& session) : session_(session) {}

  // All that don't run.
  std::map<std::string, Standing> read();
  void write_standing(const std::string& stream, const Standing& standing);
  void write_running(const std::string& stream) { write_standing(stream, {StreamState::running, {}, {}}); }

 private:
  Session& session_;
};

}  // namespace freshet::load
