// Standard output as the user sees it: a picture redrawn in place on a terminal, plain lines elsewhere. Owned
// by the main thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "app/line_status.h"
#include "base/clock.h"

namespace freshet::app {

class Terminal {
 public:
  explicit Terminal(const Clock& clock);

  // Draws if it is time to.
  void show(const LineStatus& status);
  // A line that stays, above the picture.
  void say(const std::string& line);

 private:
  void redraw(const LineStatus& status);
  void erase();

  const Clock& clock_;
  const bool interactive_;
  std::size_t lines_drawn_ = 0;
  std::optional<SteadyTime> shown_at_;
};

}  // namespace freshet::app
