#include "time_zone.h"

#include <date/tz.h>
#include <fmt/format.h>

#include <map>

#include "base/error.h"

namespace freshet::adshop {

Instant wall_clock(const std::string& zone, Instant instant) {
  // Looking a zone up by name costs more than everything else about a row; there are a handful of them.
  thread_local std::map<std::string, const date::time_zone*> known;
  const date::time_zone*& found = known[zone];
  try {
    if (found == nullptr) found = date::locate_zone(zone);
  } catch (const std::exception&) {
    throw Error(ErrorKind::config, fmt::format("this machine doesn't know the time zone {}", zone),
                "install tzdata");
  }
  return instant + found->get_info(std::chrono::floor<std::chrono::seconds>(instant)).offset;
}

}  // namespace freshet::adshop
