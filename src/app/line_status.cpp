#include "app/line_status.h"

#include <algorithm>

namespace freshet::app {

bool is_loaded(const LineStatus& status) {
  if (!status.ready.ready) return false;
  return std::all_of(status.streams.begin(), status.streams.end(), [](const StreamLine& stream) {
    return !stream.snapshot || !stream.snapshot->active() || stream.snapshot->periodic;
  });
}

}  // namespace freshet::app
