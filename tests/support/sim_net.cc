#include "tests/support/sim_net.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "engine/base/strings.h"

namespace tsd::sim {
namespace {

using net::Connection;
using net::Endpoint;
using net::Listener;

constexpr size_t kMaxReadBytes = 256u << 10;
constexpr absl::Duration kConnectRetry = absl::Milliseconds(100);

Status Lost(std::string_view message) { return Error(sqlstate::kConnectionFailure, message); }
Status Unreachable(std::string_view message) { return Error(sqlstate::kSqlclientUnableToConnect, message); }

struct Chunk {
  absl::Duration due;
  std::string bytes;  // empty: the end of the stream
};

/// One side of a connection, with the direction that flows towards it.
struct End {
  int node = 0;
  Endpoint address;
  bool closed = false;
  bool silent = false;  // its machine crashed
  Status broken;        // reads and writes end with it
  std::deque<Chunk> flying;
  absl::Duration last_due;
  std::string inbox;
  bool finished = false;  // the end of the stream has arrived
  std::optional<Promise<StatusOr<std::string>>> reader;
  // What the other side could not hand over yet.
  std::string unsent;
  std::optional<Promise<Status>> writer;

  size_t Held() const {
    size_t bytes = inbox.size();
    for (const Chunk& chunk : flying) bytes += chunk.bytes.size();
    return bytes;
  }
};

}  // namespace

struct SimNet::State : std::enable_shared_from_this<SimNet::State> {
  struct Wire {
    End ends[2];
  };
  struct Listening {
    uint64_t incarnation = 0;
    uint64_t id = 0;
    std::function<void(std::shared_ptr<Connection>)> accepted;
  };

  State(SimScheduler* scheduler_in, Random random_in, SimNetOptions options_in)
      : scheduler(scheduler_in), random(random_in.Fork("sim_net")), options(options_in) {}

  absl::Duration Delay() {
    return options.min_delay - std::log(1.0 - random.Fraction()) * options.mean_extra_delay;
  }
  bool Blocked(int from, int to) const {
    if (cuts.count({from, to}) != 0) return true;
    auto clog = clogs.find({from, to});
    return clog != clogs.end() && clog->second > scheduler->now();
  }
  int NodeOf(int self, const std::string& host) const;
  std::string AddressOf(int node) const { return StrCat("10.0.0.", node + 1); }

  // Bytes towards wire->ends[to].
  void Fill(const std::shared_ptr<Wire>& wire, int to);
  void SendChunk(const std::shared_ptr<Wire>& wire, int to, std::string bytes);
  void Pump(const std::shared_ptr<Wire>& wire, int to);
  void Arrive(const std::shared_ptr<Wire>& wire, int to, Chunk chunk);
  void ServeRead(const std::shared_ptr<Wire>& wire, int to);
  void BreakEnd(End* end, const Status& status);
  void Break(const std::shared_ptr<Wire>& wire);
  /// A reset travels like everything else.
  void BreakLater(const std::weak_ptr<Wire>& weak, absl::Duration delay);
  void CloseEnd(const std::shared_ptr<Wire>& wire, int side);
  void PumpAll();

  void TryConnect(int from, Endpoint address, absl::Duration deadline, Promise<StatusOr<std::shared_ptr<Connection>>> promise);
  std::shared_ptr<Wire> MakeWire(int from, int to, uint16_t port);
  std::vector<std::shared_ptr<Wire>> WiresOf(int node);

  SimScheduler* const scheduler;
  Random random;
  SimNetOptions options;
  std::set<std::pair<int, int>> cuts;
  std::map<std::pair<int, int>, absl::Duration> clogs;
  std::set<int> refusing;
  std::set<int> dark;  // machines that are down
  std::map<std::pair<int, uint16_t>, Listening> listeners;
  std::vector<std::weak_ptr<Wire>> wires;
  std::map<std::pair<int, uint64_t>, std::unique_ptr<net::Transport>> transports;
  uint64_t next_listener = 1;
  uint16_t next_port = 40000;
};

namespace {

class SimConnection final : public Connection {
 public:
  SimConnection(std::shared_ptr<SimNet::State> net, std::shared_ptr<SimNet::State::Wire> wire, int side)
      : net_(std::move(net)), wire_(std::move(wire)), side_(side) {}
  ~SimConnection() override { Close(); }

  Future<StatusOr<std::string>> Read() override {
    End& self = wire_->ends[side_];
    TSD_CHECK_MSG(!self.reader.has_value(), "two Reads at once");
    if (!self.broken.ok()) return ReadyFuture<StatusOr<std::string>>(self.broken);
    self.reader.emplace();
    Future<StatusOr<std::string>> result = self.reader->future();
    net_->ServeRead(wire_, side_);
    return result;
  }
  Future<Status> Write(std::string bytes) override {
    End& self = wire_->ends[side_];
    End& other = wire_->ends[1 - side_];
    TSD_CHECK_MSG(!other.writer.has_value(), "two Writes at once");
    if (!self.broken.ok()) return ReadyFuture<Status>(self.broken);
    other.unsent = std::move(bytes);
    other.writer.emplace();
    Future<Status> result = other.writer->future();
    net_->Fill(wire_, 1 - side_);
    return result;
  }
  void Close() override { net_->CloseEnd(wire_, side_); }
  Endpoint Peer() const override { return wire_->ends[1 - side_].address; }
  Endpoint Local() const override { return wire_->ends[side_].address; }

 private:
  const std::shared_ptr<SimNet::State> net_;
  const std::shared_ptr<SimNet::State::Wire> wire_;
  const int side_;
};

class SimListener final : public Listener {
 public:
  SimListener(std::shared_ptr<SimNet::State> net, int node, Endpoint address, uint64_t id)
      : net_(std::move(net)), node_(node), address_(std::move(address)), id_(id) {}
  ~SimListener() override { Close(); }
  Endpoint Address() const override { return address_; }
  void Close() override {
    auto found = net_->listeners.find({node_, address_.port});
    if (found == net_->listeners.end() || found->second.id != id_) return;
    auto dropped = std::move(found->second);
    net_->listeners.erase(found);
  }

 private:
  const std::shared_ptr<SimNet::State> net_;
  const int node_;
  const Endpoint address_;
  const uint64_t id_;
};

class SimTransport final : public net::Transport {
 public:
  SimTransport(SimNet::State* net, int node, uint64_t incarnation) : net_(net), node_(node), incarnation_(incarnation) {}

  StatusOr<std::unique_ptr<Listener>> Listen(const Endpoint& address,
                                             std::function<void(std::shared_ptr<Connection>)> accepted) override {
    Endpoint bound = address;
    if (bound.port == 0) bound.port = net_->next_port++;
    if (net_->listeners.count({node_, bound.port}) != 0) {
      return Error(sqlstate::kObjectInUse, StrCat("could not bind ", bound.ToString(), ": Address already in use"));
    }
    const uint64_t id = net_->next_listener++;
    net_->listeners[{node_, bound.port}] = {incarnation_, id, std::move(accepted)};
    return std::unique_ptr<Listener>(std::make_unique<SimListener>(net_->shared_from_this(), node_, bound, id));
  }
  Future<StatusOr<std::shared_ptr<Connection>>> Connect(const Endpoint& address, absl::Duration timeout) override {
    Promise<StatusOr<std::shared_ptr<Connection>>> promise;
    if (net_->NodeOf(node_, address.host) < 0) {
      promise.Set(Unreachable(StrCat("could not translate host name \"", address.host, "\" to address: Name or service not known")));
      return promise.future();
    }
    const absl::Duration deadline = net_->scheduler->now() + timeout;
    net_->scheduler->AtAfter(std::min(net_->Delay(), timeout),
                             [net = net_->shared_from_this(), node = node_, address, deadline, promise] {
                               net->TryConnect(node, address, deadline, promise);
                             });
    return promise.future();
  }
  Future<StatusOr<std::vector<std::string>>> Resolve(const std::string& host) override {
    const int node = net_->NodeOf(node_, host);
    if (node < 0) {
      return ReadyFuture<StatusOr<std::vector<std::string>>>(
          Unreachable(StrCat("could not translate host name \"", host, "\" to address: Name or service not known")));
    }
    return ReadyFuture<StatusOr<std::vector<std::string>>>(
        std::vector<std::string>{node == node_ ? std::string("127.0.0.1") : net_->AddressOf(node)});
  }
  std::vector<std::pair<std::string, int>> InterfaceAddresses() override {
    return {{"127.0.0.1", 8}, {net_->AddressOf(node_), 24}};
  }

 private:
  SimNet::State* const net_;  // owns this
  const int node_;
  const uint64_t incarnation_;
};

}  // namespace

// ---- names ----

int SimNet::State::NodeOf(int self, const std::string& host) const {
  if (host.empty() || host == "localhost" || host == "127.0.0.1" || host == "::1" || host == "0.0.0.0" || host == "*") return self;
  for (int node = 0; node < scheduler->node_count(); ++node) {
    if (host == scheduler->NameOf(node) || host == AddressOf(node)) return node;
  }
  return -1;
}

// ---- bytes ----

void SimNet::State::Fill(const std::shared_ptr<Wire>& wire, int to) {
  End& end = wire->ends[to];
  while (end.writer.has_value() && !end.unsent.empty()) {
    const size_t held = end.Held();
    if (held >= options.socket_buffer_bytes) return;
    const size_t count = std::min(options.socket_buffer_bytes - held, end.unsent.size());
    std::string bytes = end.unsent.substr(0, count);
    end.unsent.erase(0, count);
    SendChunk(wire, to, std::move(bytes));
    if (!end.broken.ok()) return;
  }
  if (!end.writer.has_value()) return;
  const Promise<Status> writer = *std::exchange(end.writer, std::nullopt);
  writer.Set(OkStatus());
}

void SimNet::State::SendChunk(const std::shared_ptr<Wire>& wire, int to, std::string bytes) {
  End& end = wire->ends[to];
  if (random.Chance(options.reset_probability)) return Break(wire);
  if (!bytes.empty() && random.Chance(options.corrupt_probability)) {
    bytes[random.Below(bytes.size())] ^= static_cast<char>(1u << random.Below(8));
  }
  end.last_due = std::max(end.last_due, scheduler->now() + Delay());
  end.flying.push_back(Chunk{end.last_due, std::move(bytes)});
  scheduler->AtAfter(end.last_due - scheduler->now(), [net = shared_from_this(), wire, to] { net->Pump(wire, to); });
}

void SimNet::State::Pump(const std::shared_ptr<Wire>& wire, int to) {
  End& end = wire->ends[to];
  const int from = wire->ends[1 - to].node;
  while (!end.flying.empty() && end.flying.front().due <= scheduler->now()) {
    if (end.silent || Blocked(from, end.node)) return;
    Chunk chunk = std::move(end.flying.front());
    end.flying.pop_front();
    Arrive(wire, to, std::move(chunk));
  }
}

void SimNet::State::Arrive(const std::shared_ptr<Wire>& wire, int to, Chunk chunk) {
  End& end = wire->ends[to];
  if (end.closed) {
    // Nobody there any more: the system answers with a reset. The last goodbye needs no answer.
    if (!chunk.bytes.empty()) BreakLater(wire, Delay());
    return;
  }
  if (chunk.bytes.empty()) {
    end.finished = true;
  } else {
    end.inbox += chunk.bytes;
  }
  ServeRead(wire, to);
}

void SimNet::State::ServeRead(const std::shared_ptr<Wire>& wire, int to) {
  End& end = wire->ends[to];
  if (!end.reader.has_value() || (end.inbox.empty() && !end.finished)) return;
  size_t count = std::min(end.inbox.size(), kMaxReadBytes);
  if (count > 1 && random.Chance(options.split_probability)) count = 1 + random.Below(count);
  std::string bytes = end.inbox.substr(0, count);
  end.inbox.erase(0, count);
  const Promise<StatusOr<std::string>> reader = *std::exchange(end.reader, std::nullopt);
  reader.Set(std::move(bytes));
  Fill(wire, to);
}

void SimNet::State::BreakEnd(End* end, const Status& status) {
  if (end->broken.ok()) end->broken = status;
  end->inbox.clear();
  end->flying.clear();
  if (end->reader.has_value()) std::exchange(end->reader, std::nullopt)->Set(status);
}

void SimNet::State::Break(const std::shared_ptr<Wire>& wire) {
  for (int side : {0, 1}) {
    BreakEnd(&wire->ends[side], Lost("Connection reset by peer"));
    End& other = wire->ends[1 - side];
    other.unsent.clear();
    if (other.writer.has_value()) std::exchange(other.writer, std::nullopt)->Set(Lost("Connection reset by peer"));
  }
}

void SimNet::State::BreakLater(const std::weak_ptr<Wire>& weak, absl::Duration delay) {
  scheduler->AtAfter(delay, [net = shared_from_this(), weak] {
    std::shared_ptr<Wire> wire = weak.lock();
    if (wire == nullptr) return;
    const int a = wire->ends[0].node;
    const int b = wire->ends[1].node;
    if (net->Blocked(a, b) || net->Blocked(b, a)) return net->BreakLater(weak, kConnectRetry);
    net->Break(wire);
  });
}

void SimNet::State::CloseEnd(const std::shared_ptr<Wire>& wire, int side) {
  End& self = wire->ends[side];
  if (self.closed || self.silent) return;
  self.closed = true;
  const bool was_broken = !self.broken.ok();
  BreakEnd(&self, Lost("connection is closed"));
  End& other = wire->ends[1 - side];
  other.unsent.clear();
  if (other.writer.has_value()) std::exchange(other.writer, std::nullopt)->Set(Lost("connection is closed"));
  // What the other side still waits to hand over meets a closed socket.
  if (self.writer.has_value()) BreakLater(wire, Delay());
  if (!was_broken) SendChunk(wire, 1 - side, "");
}

void SimNet::State::PumpAll() {
  for (const std::weak_ptr<Wire>& weak : wires) {
    std::shared_ptr<Wire> wire = weak.lock();
    if (wire == nullptr) continue;
    Pump(wire, 0);
    Pump(wire, 1);
  }
}

// ---- connections ----

std::shared_ptr<SimNet::State::Wire> SimNet::State::MakeWire(int from, int to, uint16_t port) {
  auto wire = std::make_shared<Wire>();
  const bool local = from == to;
  wire->ends[0].node = from;
  wire->ends[0].address = Endpoint{local ? "127.0.0.1" : AddressOf(from), next_port++};
  wire->ends[1].node = to;
  wire->ends[1].address = Endpoint{local ? "127.0.0.1" : AddressOf(to), port};
  wires.erase(std::remove_if(wires.begin(), wires.end(), [](const auto& weak) { return weak.expired(); }), wires.end());
  wires.push_back(wire);
  return wire;
}

void SimNet::State::TryConnect(int from, Endpoint address, absl::Duration deadline,
                               Promise<StatusOr<std::shared_ptr<Connection>>> promise) {
  const int to = NodeOf(from, address.host);
  if (scheduler->now() >= deadline) {
    promise.Set(Unreachable("timeout expired"));
    return;
  }
  if (Blocked(from, to) || Blocked(to, from) || dark.count(to) != 0) {
    const absl::Duration wait = std::min(kConnectRetry, deadline - scheduler->now());
    scheduler->AtAfter(wait, [net = shared_from_this(), from, address, deadline, promise] {
      net->TryConnect(from, address, deadline, promise);
    });
    return;
  }
  auto found = listeners.find({to, address.port});
  if (found == listeners.end() || refusing.count(to) != 0 || random.Chance(options.refuse_probability)) {
    promise.Set(Unreachable("Connection refused"));
    return;
  }
  std::shared_ptr<Wire> wire = MakeWire(from, to, address.port);
  found->second.accepted(std::make_shared<SimConnection>(shared_from_this(), wire, 1));
  scheduler->AtAfter(Delay(), [net = shared_from_this(), wire, promise] {
    promise.Set(std::shared_ptr<Connection>(std::make_shared<SimConnection>(net, wire, 0)));
  });
}

std::vector<std::shared_ptr<SimNet::State::Wire>> SimNet::State::WiresOf(int node) {
  std::vector<std::shared_ptr<Wire>> result;
  for (const std::weak_ptr<Wire>& weak : wires) {
    std::shared_ptr<Wire> wire = weak.lock();
    if (wire != nullptr && (wire->ends[0].node == node || wire->ends[1].node == node)) result.push_back(std::move(wire));
  }
  return result;
}

// ---- SimNet ----

SimNet::SimNet(SimScheduler* scheduler, Random random, SimNetOptions options)
    : state_(std::make_shared<State>(scheduler, random, options)) {}

SimNet::~SimNet() {
  auto listeners = std::move(state_->listeners);  // they own servers
  state_->listeners.clear();
}

net::Transport* SimNet::transport(int node) {
  const uint64_t incarnation = state_->scheduler->executor(node)->incarnation();
  std::unique_ptr<net::Transport>& transport = state_->transports[{node, incarnation}];
  if (transport == nullptr) transport = std::make_unique<SimTransport>(state_.get(), node, incarnation);
  return transport.get();
}

void SimNet::SetOptions(const SimNetOptions& options) { state_->options = options; }
void SimNet::CutOneWay(int from, int to) { state_->cuts.insert({from, to}); }
void SimNet::Refuse(int node) { state_->refusing.insert(node); }

void SimNet::Cut(int a, int b) {
  CutOneWay(a, b);
  CutOneWay(b, a);
}

void SimNet::Isolate(int node) {
  for (int other = 0; other < state_->scheduler->node_count(); ++other) {
    if (other != node) Cut(node, other);
  }
}

void SimNet::Clog(int from, int to, absl::Duration duration) {
  state_->clogs[{from, to}] = state_->scheduler->now() + duration;
  state_->scheduler->AtAfter(duration, [net = state_] { net->PumpAll(); });
}

void SimNet::Reset(int a, int b) {
  for (const auto& wire : state_->WiresOf(a)) {
    if (wire->ends[0].node + wire->ends[1].node == a + b) state_->Break(wire);
  }
}

void SimNet::Heal() {
  state_->cuts.clear();
  state_->clogs.clear();
  state_->refusing.clear();
  state_->options.reset_probability = 0;
  state_->options.corrupt_probability = 0;
  state_->options.refuse_probability = 0;
  state_->PumpAll();
}

void SimNet::Crash(int node, CrashKind kind) {
  state_->scheduler->Crash(node);
  if (kind == CrashKind::kMachine) state_->dark.insert(node);
  std::vector<State::Listening> dropped;
  for (auto it = state_->listeners.begin(); it != state_->listeners.end();) {
    if (it->first.first != node) {
      ++it;
      continue;
    }
    dropped.push_back(std::move(it->second));
    it = state_->listeners.erase(it);
  }
  for (const auto& wire : state_->WiresOf(node)) {
    for (End& end : wire->ends) {
      if (end.node == node) end.silent = true;
    }
    if (kind == CrashKind::kProcess) state_->BreakLater(wire, state_->Delay());
  }
}

SimExecutor* SimNet::Restart(int node) {
  state_->dark.erase(node);
  for (const auto& wire : state_->WiresOf(node)) {
    if (wire->ends[0].silent || wire->ends[1].silent) state_->BreakLater(wire, state_->Delay());
  }
  return state_->scheduler->Restart(node);
}

size_t SimNet::open_connections() const {
  size_t count = 0;
  for (const auto& weak : state_->wires) {
    std::shared_ptr<State::Wire> wire = weak.lock();
    if (wire != nullptr && (!wire->ends[0].closed || !wire->ends[1].closed)) ++count;
  }
  return count;
}

}  // namespace tsd::sim
