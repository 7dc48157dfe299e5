#include "store/session_table.h"

#include <fmt/format.h>

#include <algorithm>

namespace freshet::store {
namespace {

// Of one user, so that none takes another's place. An open connection takes about 100 KB.
constexpr std::size_t kMaxSessions = 500;

// The ids of different users don't meet.
std::string key_of(User user, const std::string& session_id) {
  return fmt::format("{} {}", to_string(user), session_id);
}

}  // namespace

std::unique_ptr<SessionTable::Lease> SessionTable::acquire(User user, const QueryRequest& request) {
  const std::string key = key_of(user, request.session_id);
  const MutexLock lock(mutex_);
  remove_expired();
  const bool is_new = !sessions_.contains(key);
  if (is_new && request.session_check) {
    throw ClickHouseError(code::kSessionNotFound, "SESSION_NOT_FOUND",
                          fmt::format("Session {} not found", request.session_id));
  }
  if (is_new) make_room(user);
  Session& session = sessions_[key];
  if (session.busy) {
    throw ClickHouseError(code::kSessionIsLocked, "SESSION_IS_LOCKED",
                          fmt::format("Session {} is locked by a concurrent client", request.session_id));
  }
  if (is_new) {
    try {
      session.user = user;
      session.workspace = std::make_unique<Workspace>(engine_, user);
    } catch (...) {
      sessions_.erase(key);
      throw;
    }
  }
  session.busy = true;
  session.timeout = request.session_timeout;
  session.close_after = request.close_session;
  return std::make_unique<Lease>(*this, key, *session.workspace);
}

std::size_t SessionTable::size() const {
  const MutexLock lock(mutex_);
  return sessions_.size();
}

void SessionTable::give_back(const std::string& key) {
  const MutexLock lock(mutex_);
  Session& session = sessions_.at(key);
  if (session.close_after) {
    sessions_.erase(key);
    return;
  }
  session.busy = false;
  session.idle_since = clock_.steady();
}

void SessionTable::remove_expired() {
  const SteadyTime now = clock_.steady();
  std::erase_if(sessions_, [&](const auto& entry) {
    return !entry.second.busy && entry.second.idle_since + entry.second.timeout <= now;
  });
}

// The user's session that has been idle for longest makes room for a new one.
void SessionTable::make_room(User user) {
  const auto is_theirs = [&](const auto& entry) { return entry.second.user == user; };
  if (std::ranges::count_if(sessions_, is_theirs) < static_cast<std::ptrdiff_t>(kMaxSessions)) return;
  auto oldest = sessions_.end();
  for (auto session = sessions_.begin(); session != sessions_.end(); ++session) {
    if (session->second.busy || !is_theirs(*session)) continue;
    if (oldest == sessions_.end() || session->second.idle_since < oldest->second.idle_since) oldest = session;
  }
  if (oldest == sessions_.end()) {
    throw ClickHouseError(code::kTooManySimultaneousQueries, "TOO_MANY_SIMULTANEOUS_QUERIES",
                          fmt::format("All of {} sessions are in use", kMaxSessions));
  }
  sessions_.erase(oldest);
}

}  // namespace freshet::store
