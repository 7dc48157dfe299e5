#include "adapter/process/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/error.h"

namespace freshet::process {
namespace {

// Between fork and exec only what is safe after a fork in a program with threads: no allocation, no locks.
[[noreturn]] void become(const char* folder, const char* log, char* const* arguments,
                         char* const* environment, pid_t parent) {
  setsid();  // a terminal's Ctrl-C is for us; we stop the child in our own order
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(127);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int input = open("/dev/null", O_RDONLY);
  const int output = open(log, O_WRONLY | O_CREAT | O_APPEND, 0644);
  if (input < 0 || output < 0 || chdir(folder) != 0) _exit(126);
  dup2(input, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  execve(arguments[0], arguments, environment);
  _exit(127);
}

std::vector<std::string> take_over(const std::vector<std::string>& names) {
  std::vector<std::string> variables;
  for (const std::string& name : names) {
    if (const char* value = std::getenv(name.c_str())) variables.push_back(name + "=" + value);
  }
  return variables;
}

// As execve() wants them; valid while `texts` is.
std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Child::Child(const ChildOptions& options) {
  if (access(options.program.c_str(), X_OK) != 0)
    throw Error(ErrorKind::config, "can't run " + options.program.string() + ": " + std::strerror(errno),
                "it belongs beside the freshet executable; `make build` makes both");
  std::vector<std::string> command{options.program.string()};
  command.insert(command.end(), options.arguments.begin(), options.arguments.end());
  const std::vector<std::string> variables = take_over(options.environment);
  const std::vector<char*> arguments = pointers_to(command);
  const std::vector<char*> environment = pointers_to(variables);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ < 0) throw Error(ErrorKind::capacity, std::string("can't fork: ") + std::strerror(errno));
  if (pid_ == 0)
    become(options.folder.c_str(), options.log.c_str(), arguments.data(), environment.data(), parent);
}

Child::~Child() {
  if (ended()) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

const std::optional<std::string>& Child::ended() {
  int status = 0;
  if (!ended_ && waitpid(pid_, &status, WNOHANG) == pid_) {
    ended_ = WIFEXITED(status) ? "exit status " + std::to_string(WEXITSTATUS(status))
                               : "signal " + std::to_string(WTERMSIG(status));
  }
  return ended_;
}

void Child::stop(std::chrono::milliseconds grace) {
  if (ended()) return;
  kill(pid_, SIGTERM);
  const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  if (pidfd >= 0) {
    pollfd exit_of_it{.fd = pidfd, .events = POLLIN, .revents = 0};
    poll(&exit_of_it, 1, static_cast<int>(grace.count()));
    close(pidfd);
  }
  if (ended()) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  ended_ = "signal 9, since it didn't stop in time";
}

}  // namespace freshet::process
