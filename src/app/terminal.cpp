#include "app/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "app/line_status_text.h"

namespace freshet::app {
namespace {

using namespace std::chrono_literals;

constexpr auto kRedrawEvery = 500ms;
constexpr auto kPlainEvery = 5s;

bool can_redraw() {
  const char* kind = std::getenv("TERM");
  return isatty(STDOUT_FILENO) == 1 && kind != nullptr && std::string_view(kind) != "dumb";
}

TextStyle style_now() {
  TextStyle style;
  style.color = std::getenv("NO_COLOR") == nullptr;
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    style.width = size.ws_col;
    style.height = size.ws_row > 1 ? size.ws_row - 1u : 24;
  }
  return style;
}

void put(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

}  // namespace

Terminal::Terminal(const Clock& clock) : clock_(clock), interactive_(can_redraw()) {}

void Terminal::show(const LineStatus& status) {
  const auto now = clock_.steady();
  if (shown_at_ && now - *shown_at_ < (interactive_ ? kRedrawEvery : kPlainEvery)) return;
  shown_at_ = now;
  if (interactive_) return redraw(status);
  for (const std::string& line : plain_lines(status)) put(line + "\n");
}

void Terminal::say(const std::string& line) {
  erase();
  put(line + "\n");
}

void Terminal::redraw(const LineStatus& status) {
  std::string frame = "\x1b[?25l";
  if (lines_drawn_ > 0) frame += "\x1b[" + std::to_string(lines_drawn_) + "A";
  const std::vector<std::string> lines = picture(status, style_now());
  for (const std::string& line : lines) frame += "\r" + line + "\x1b[K\n";
  frame += "\x1b[J\x1b[?25h";
  lines_drawn_ = lines.size();
  put(frame);
}

void Terminal::erase() {
  if (lines_drawn_ == 0) return;
  put("\x1b[" + std::to_string(lines_drawn_) + "A\r\x1b[J");
  lines_drawn_ = 0;
}

}  // namespace freshet::app
