// tsd: the server. Makes the real clock, threads, files and sockets, and runs a coord::Server until SIGTERM or SIGINT.
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <thread>

#include "coord/server/server.h"
#include "engine/base/fault.h"
#include "engine/base/log.h"
#include "engine/base/strings.h"
#include "engine/base/thread_pool.h"
#include "engine/env/machine_memory.h"
#include "engine/env/posix_env.h"
#include "net/transport/asio_transport.h"
#include "tools/tsd/verify.h"

namespace tsd {
namespace {

constexpr char kUsage[] =
    "usage: tsd --role=access|data --data-dir=DIR [--listen=HOST:PORT] [--set NAME=VALUE] [--log-file=FILE]\n"
    "       tsd verify -D DIR\n"
    "\n"
    "Starts a tsd node. The first start initialises DIR. Settings are read from DIR/tsd.conf, connection rules from DIR/hba.conf.\n"
    "SIGHUP reloads both; SIGTERM and SIGINT end the server in order. verify checks every file of a stopped node.\n";

struct Arguments {
  coord::ServerConfig config;
  std::string log_file;
};

bool ParseListen(std::string_view value, coord::ServerConfig* config) {
  const size_t colon = value.rfind(':');
  if (colon == std::string_view::npos) return false;
  std::string host(value.substr(0, colon));
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  char* end = nullptr;
  const std::string port_text(value.substr(colon + 1));
  const long port = std::strtol(port_text.c_str(), &end, 10);
  if (port_text.empty() || *end != '\0' || port < 0 || port > 65535) return false;
  config->listen_host = host.empty() || host == "*" ? "0.0.0.0" : host;
  config->listen_port = static_cast<uint16_t>(port);
  config->port_given = true;
  config->overrides.emplace_back("listen_addresses", config->listen_host);
  config->overrides.emplace_back("port", port_text);
  return true;
}

// Accepts --name=value and --name value.
bool ParseArguments(int argc, char** argv, Arguments* arguments) {
  bool has_role = false;
  for (int i = 1; i < argc; ++i) {
    std::string name = argv[i];
    std::string value;
    if (name == "--help" || name == "-h") {
      std::fputs(kUsage, stdout);
      std::exit(0);
    }
    if (name == "--version") {
      std::puts("tsd 0.1");
      std::exit(0);
    }
    if (const size_t equals = name.find('='); equals != std::string::npos) {
      value = name.substr(equals + 1);
      name.resize(equals);
    } else if (i + 1 < argc) {
      value = argv[++i];
    }
    if (name == "--role") {
      if (value != "access" && value != "data") return false;
      arguments->config.role = value == "access" ? coord::ServerRole::kAccess : coord::ServerRole::kData;
      has_role = true;
    } else if (name == "--data-dir" || name == "-D") {
      arguments->config.data_directory = value;
    } else if (name == "--listen") {
      if (!ParseListen(value, &arguments->config)) return false;
    } else if (name == "--set") {
      const size_t equals = value.find('=');
      if (equals == std::string::npos) return false;
      arguments->config.overrides.emplace_back(value.substr(0, equals), value.substr(equals + 1));
    } else if (name == "--log-file") {
      arguments->log_file = value;
    } else {
      return false;
    }
  }
  return has_role && !arguments->config.data_directory.empty();
}

Task<void> OpenInto(coord::ServerDeps deps, coord::ServerConfig config, Promise<StatusOr<std::unique_ptr<coord::Server>>> done) {
  StatusOr<std::unique_ptr<coord::Server>> server = co_await coord::Server::Open(std::move(deps), std::move(config));
  done.Set(std::move(server));
}

Task<void> ShutdownInto(coord::Server* server, Promise<Status> done) { done.Set(co_await server->Shutdown()); }

// Blocks this thread, the only one that may, until the future is set.
template <typename T>
T Await(Future<T> future) {
  Mutex mutex;
  CondVar ready;
  bool done = false;
  future.OnReady([&] {
    MutexLock lock(mutex);
    done = true;
    ready.NotifyOne();
  });
  mutex.Lock();
  while (!done) ready.Wait(mutex);
  mutex.Unlock();
  return future.Take();
}

// A store whose sync failed must not go on: what is on disk decides at the next start.
void Die(const Status& status) {
  log::Error("FATAL: ", status.message());
  std::_Exit(1);
}

std::string Absolute(const std::string& path) {
  if (!path.empty() && path[0] == '/') return path;
  char buffer[4096];
  return StrCat(::getcwd(buffer, sizeof(buffer)) != nullptr ? buffer : ".", "/", path);
}

int ServeUntilSignal(coord::Server& server, const sigset_t& signals) {
  while (true) {
    int signal = 0;
    if (::sigwait(&signals, &signal) != 0) continue;
    if (signal == SIGHUP) {
      const Status status = server.Reload();
      if (!status.ok()) log::Warning("reload: ", status.message());
      continue;
    }
    log::Info("received signal ", signal, ", shutting down");
    return signal;
  }
}

int Run(Arguments arguments) {
  arguments.config.data_directory = Absolute(arguments.config.data_directory);
  while (arguments.config.data_directory.size() > 1 && arguments.config.data_directory.back() == '/') arguments.config.data_directory.pop_back();
  if (!arguments.log_file.empty()) log::SetFile(arguments.log_file);
  fault::ArmFromEnvironment();
  sigset_t signals;
  sigemptyset(&signals);
  for (int signal : {SIGHUP, SIGTERM, SIGINT}) sigaddset(&signals, signal);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before any thread: they inherit it
  ::signal(SIGPIPE, SIG_IGN);
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
  }

  RealClock clock;
  std::unique_ptr<engine::Env> env = engine::NewPosixEnv();
  const int cores = static_cast<int>(std::max(2u, std::thread::hardware_concurrency()));
  ThreadPool background("tsd-background", 1);
  ThreadPool decisions("tsd-decisions", 1);
  net::AsioOptions network;
  network.threads = cores + 2;  // two may be syncing a log each
  StatusOr<std::unique_ptr<net::AsioTransport>> transport = net::AsioTransport::Create(network);
  if (!transport.ok()) {
    log::Error("FATAL: ", transport.status().message());
    return 1;
  }
  Executor& workers = (*transport)->executor();  // the threads that wait for sockets run everything else too
  coord::ServerDeps deps;
  deps.env = env.get();
  deps.clock = &clock;
  deps.rpc_clock = &clock;
  deps.workers = &workers;
  deps.worker_threads = cores;
  // The worker that has a record to write writes and syncs it: no thread is woken for it, nor to answer afterwards.
  deps.wal_executor = &workers;
  // Nobody waits for the commit record of rows: it is synced beside the clients' next statements.
  deps.cluster_log_executor = &decisions;
  deps.background = &background;
  deps.transport = transport->get();
  deps.random_seed = SystemRandomSeed();
  deps.machine_memory = engine::MachineMemory();
  deps.on_fatal = Die;

  Promise<StatusOr<std::unique_ptr<coord::Server>>> opened;
  Spawn(workers, OpenInto(deps, arguments.config, opened));
  StatusOr<std::unique_ptr<coord::Server>> server = Await(opened.future());
  if (!server.ok()) {
    log::Error("FATAL: ", server.status().message());
    return 1;
  }
  StatusOr<net::Endpoint> address = (*server)->Serve();
  if (!address.ok()) {
    log::Error("FATAL: could not listen: ", address.status().message());
    return 1;
  }
  // For tsctl; believed only while the directory's lock is held.
  const std::string pid_file = arguments.config.data_directory + "/tsd.pid";
  const Status written = env->WriteFileAtomically(pid_file, StrCat(::getpid(), "\n", address->ToString(), "\n"));
  if (!written.ok()) log::Warning("could not write ", pid_file, ": ", written.message());
  log::Info("tsd ", arguments.config.role == coord::ServerRole::kAccess ? "access" : "data", " node ready on ", address->ToString(),
            ", data directory ", arguments.config.data_directory);
  ServeUntilSignal(**server, signals);
  Promise<Status> ended;
  Spawn(workers, ShutdownInto(server->get(), ended));
  const Status status = Await(ended.future());
  if (!status.ok()) log::Error("shutdown: ", status.message());
  const Status removed = env->DeleteFile(pid_file);
  if (!removed.ok()) log::Debug("could not remove ", pid_file, ": ", removed.message());
  log::Info("shut down");
  // Threads may still hold the last callbacks of closed connections; the system takes everything back.
  std::_Exit(status.ok() ? 0 : 1);
}

}  // namespace
}  // namespace tsd

int main(int argc, char** argv) {
  const bool by_name = argc == 4 && (std::string_view(argv[2]) == "-D" || std::string_view(argv[2]) == "--data-dir");
  if (by_name && std::string_view(argv[1]) == "verify") return tsd::VerifyDirectory(argv[3]);
  tsd::Arguments arguments;
  if (!tsd::ParseArguments(argc, argv, &arguments)) {
    std::fputs(tsd::kUsage, stderr);
    return 2;
  }
  return tsd::Run(std::move(arguments));
}
