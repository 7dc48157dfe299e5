#include "store/workspace.h"

#include <fmt/format.h>

#include "base/log.h"

namespace freshet::store {
namespace {

// One query of the reader leaves room for what the owner loads.
constexpr std::uint64_t kReaderShare = 2;

std::string quoted_name(std::string_view name) {
  std::string out = "`";
  for (const char letter : name) {
    if (letter == '`' || letter == '\\') out += '\\';
    out += letter;
  }
  out += '`';
  return out;
}

}  // namespace

Workspace::Workspace(const Engine& engine, User user) : user_(user), connection_(engine.connect()) {
  if (user_ != User::reader) return;
  connection_.query("SET ROLE reader");
  connection_.query(fmt::format("SET max_memory_usage = {}", engine.query_memory() / kReaderShare));
}

void Workspace::prepare(const QueryRequest& request) {
  if (std::exchange(failed_, false)) connection_.clear_leftovers();
  take_back_settings(request.settings);
  std::string set = "SET log_comment = " + string_literal(request.query_id);
  for (const auto& [name, value] : request.settings) {
    if (const auto before = applied_.find(name); before != applied_.end() && before->second.value == value)
      continue;
    // Only a session lives long enough to need the old value.
    std::string original = request.session_id.empty() ? std::string() : original_of(name);
    applied_.try_emplace(name, Applied{value, std::move(original)}).first->second.value = value;
    set += fmt::format(", {} = {}", name, string_literal(value));
  }
  connection_.query(set);
  take_roles(request.roles);
  if (!request.database.empty()) connection_.query("USE " + quoted_name(request.database));
}

void Workspace::recover() noexcept {
  failed_ = true;
  try {
    connection_.clear_leftovers();
    failed_ = false;
  } catch (const std::exception& error) {
    log::warn("store_session_not_recovered", {{"reason", error.what()}});  // prepare() tries again
  }
}

void Workspace::take_roles(const std::vector<std::string>& roles) {
  check_roles(user_, roles);
  if (roles.empty() && !roles_changed_) return;
  std::string list;
  for (const std::string& role : roles) list += (list.empty() ? "" : ", ") + quoted_name(role);
  connection_.query("SET ROLE " + (roles.empty() ? std::string(to_string(user_)) : list));
  roles_changed_ = !roles.empty();
}

void Workspace::take_back_settings(const Settings& wanted) {
  for (auto applied = applied_.begin(); applied != applied_.end();) {
    if (wanted.contains(applied->first)) {
      ++applied;
      continue;
    }
    connection_.query(fmt::format("SET {} = {}", applied->first, applied->second.original));
    applied = applied_.erase(applied);
  }
}

std::string Workspace::original_of(const std::string& name) {
  if (const auto before = applied_.find(name); before != applied_.end()) return before->second.original;
  const Result result = connection_.query(
      fmt::format("SELECT if(changed, value, '') FROM system.settings WHERE name = {}", string_literal(name)),
      "TabSeparatedRaw");
  std::string value(result.bytes());
  if (value.ends_with('\n')) value.pop_back();
  return value.empty() ? "DEFAULT" : string_literal(value);
}

}  // namespace freshet::store
