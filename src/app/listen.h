// The status page's address, as pipeline.yaml has it: taken, or only tried. Main thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "serve/status_server.h"

namespace freshet::app {

// Where the project names none, a port that is taken is no reason not to start: another is, and is shown.
// Throws Error where it names one and that is taken.
std::unique_ptr<serve::StatusServer> listen_on(const std::optional<std::string>& told,
                                               const serve::Sources& sources);

// Takes the port and lets it go. Throws as listen_on().
void require_free(const std::string& listen);

}  // namespace freshet::app
