// tsctl: starts, stops, reloads and asks after a tsd server by its data directory, as pg_ctl does. A process of its own: it uses the
// system directly.
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace {

constexpr char kUsage[] =
    "usage: tsctl start  -D DIR [--role=access|data] [--listen=HOST:PORT] [-l LOGFILE] [-t SECONDS] [-- TSD OPTIONS]\n"
    "       tsctl stop   -D DIR [-t SECONDS]\n"
    "       tsctl status -D DIR\n"
    "       tsctl reload -D DIR\n"
    "\n"
    "DIR may also be given in TSD_DATA. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 (status) not running, 4 no such data directory.\n";

struct Options {
  std::string command, directory, log_file;
  int timeout_seconds = 60;
  std::vector<std::string> server_arguments;
};

// The pid file is only to be believed while its server holds the directory's lock.
bool IsLocked(const std::string& directory) {
  const int fd = ::open((directory + "/lock").c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return false;
  const bool locked = ::flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  ::close(fd);
  return locked;
}

pid_t RunningPid(const std::string& directory) {
  if (!IsLocked(directory)) return 0;
  std::ifstream file(directory + "/tsd.pid");
  long pid = 0;
  file >> pid;
  return file && pid > 0 && ::kill(static_cast<pid_t>(pid), 0) == 0 ? static_cast<pid_t>(pid) : 0;
}

void Pause() {
  const timespec pause{0, 50'000'000};
  ::nanosleep(&pause, nullptr);
}

bool ParseArguments(int argc, char** argv, Options* options) {
  if (const char* directory = std::getenv("TSD_DATA")) options->directory = directory;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    auto value = [&](std::string* target) {
      if (i + 1 >= argc) return false;
      *target = argv[++i];
      return true;
    };
    std::string text;
    if (argument == "-D" || argument == "--pgdata") {
      if (!value(&options->directory)) return false;
    } else if (argument == "-l") {
      if (!value(&options->log_file)) return false;
    } else if (argument == "-t") {
      if (!value(&text)) return false;
      options->timeout_seconds = std::atoi(text.c_str());
    } else if (argument == "--") {
      for (++i; i < argc; ++i) options->server_arguments.push_back(argv[i]);
    } else if (argument.rfind("--", 0) == 0) {
      options->server_arguments.push_back(argument);
    } else if (options->command.empty()) {
      options->command = argument;
    } else {
      return false;
    }
  }
  return !options->command.empty() && !options->directory.empty();
}

std::string ServerPath() {
  char buffer[4096];
  const ssize_t length = ::readlink("/proc/self/exe", buffer, sizeof(buffer) - 1);
  std::string path(buffer, length > 0 ? static_cast<size_t>(length) : 0);
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "tsd" : path.substr(0, slash + 1) + "tsd";
}

int StartServer(const Options& options) {
  if (RunningPid(options.directory) != 0) {
    std::fprintf(stderr, "tsctl: another server is running in \"%s\"\n", options.directory.c_str());
    return 1;
  }
  std::vector<std::string> arguments = {ServerPath(), "--data-dir=" + options.directory};
  bool has_role = false;
  for (const std::string& argument : options.server_arguments) {
    has_role = has_role || argument.rfind("--role", 0) == 0;
    arguments.push_back(argument);
  }
  if (!has_role) arguments.push_back("--role=access");
  const std::string log_file = options.log_file.empty() ? options.directory + ".log" : options.log_file;
  std::error_code ignored;  // the log tells, or the server does
  std::filesystem::create_directories(std::filesystem::path(log_file).parent_path(), ignored);
  const pid_t child = ::fork();
  if (child < 0) return 1;
  if (child == 0) {
    ::setsid();
    const int log = ::open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    const int null = ::open("/dev/null", O_RDONLY);
    ::dup2(null, 0);
    if (log >= 0) {
      ::dup2(log, 1);
      ::dup2(log, 2);
    }
    std::vector<char*> raw;
    for (std::string& argument : arguments) raw.push_back(argument.data());
    raw.push_back(nullptr);
    ::execv(raw[0], raw.data());
    std::fprintf(stderr, "tsctl: could not run \"%s\": %s\n", raw[0], std::strerror(errno));
    std::_Exit(127);
  }
  for (int i = 0; i < options.timeout_seconds * 20; ++i) {
    if (RunningPid(options.directory) == child) {
      std::puts("server started");
      return 0;
    }
    int status = 0;
    if (::waitpid(child, &status, WNOHANG) == child) {
      std::fprintf(stderr, "tsctl: could not start server; see \"%s\"\n", log_file.c_str());
      return 1;
    }
    Pause();
  }
  std::fprintf(stderr, "tsctl: server did not start in time; see \"%s\"\n", log_file.c_str());
  return 1;
}

int StopServer(const Options& options) {
  const pid_t pid = RunningPid(options.directory);
  if (pid == 0) {
    std::fprintf(stderr, "tsctl: no server is running in \"%s\"\n", options.directory.c_str());
    return 1;
  }
  if (::kill(pid, SIGTERM) != 0) return 1;
  for (int i = 0; i < options.timeout_seconds * 20; ++i) {
    if (!IsLocked(options.directory)) {
      std::puts("server stopped");
      return 0;
    }
    Pause();
  }
  std::fprintf(stderr, "tsctl: server does not stop\n");
  return 1;
}

int Status(const Options& options) {
  struct stat info {};
  if (::stat(options.directory.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
    std::fprintf(stderr, "tsctl: directory \"%s\" does not exist\n", options.directory.c_str());
    return 4;
  }
  const pid_t pid = RunningPid(options.directory);
  if (pid == 0) {
    std::puts("tsctl: no server running");
    return 3;
  }
  std::printf("tsctl: server is running (PID: %d)\n", static_cast<int>(pid));
  return 0;
}

int Reload(const Options& options) {
  const pid_t pid = RunningPid(options.directory);
  if (pid == 0 || ::kill(pid, SIGHUP) != 0) {
    std::fprintf(stderr, "tsctl: no server is running in \"%s\"\n", options.directory.c_str());
    return 1;
  }
  std::puts("server signaled");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!ParseArguments(argc, argv, &options)) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  if (options.command == "start") return StartServer(options);
  if (options.command == "stop") return StopServer(options);
  if (options.command == "status") return Status(options);
  if (options.command == "reload") return Reload(options);
  std::fputs(kUsage, stderr);
  return 2;
}
