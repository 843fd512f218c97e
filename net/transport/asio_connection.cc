#include "net/transport/asio_connection.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

#include <array>
#include <utility>

#include "engine/base/check.h"

namespace tsd::net {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr size_t kMaxReadBytes = 256u << 10;
constexpr size_t kSmallRead = 4u << 10;  // what is less was all there was: a request, or its answer. More is read at once, when some has come

/// Bytes land here first: a read then allocates what arrived, not what might have.
char* ReadBuffer() {
  static thread_local const std::unique_ptr<char[]> buffer = std::make_unique_for_overwrite<char[]>(kMaxReadBytes);
  return buffer.get();
}

Status Lost(const error_code& error) { return Error(sqlstate::kConnectionFailure, error.message()); }
Status Closed() { return Error(sqlstate::kConnectionFailure, "connection is closed"); }
bool MustWait(const error_code& error) {
  return error == boost::asio::error::would_block || error == boost::asio::error::try_again;
}

void SetInt(int socket, int level, int name, int64_t value) {
  const int number = static_cast<int>(value);
  ::setsockopt(socket, level, name, &number, sizeof(number));  // a kernel without the option serves without it
}

void SetOptions(tcp::socket* socket, const AsioOptions& options) {
  const int handle = socket->native_handle();
  SetInt(handle, IPPROTO_TCP, TCP_NODELAY, 1);
  SetInt(handle, SOL_SOCKET, SO_KEEPALIVE, 1);
  SetInt(handle, IPPROTO_TCP, TCP_KEEPIDLE, absl::ToInt64Seconds(options.keepalive_idle));
  SetInt(handle, IPPROTO_TCP, TCP_KEEPINTVL, absl::ToInt64Seconds(options.keepalive_interval));
  SetInt(handle, IPPROTO_TCP, TCP_KEEPCNT, options.keepalive_probes);
  SetInt(handle, IPPROTO_TCP, TCP_USER_TIMEOUT, absl::ToInt64Milliseconds(options.user_timeout));
}

/// Shared by the connection and the operations in flight. Asio's sockets allow one call at a time: mutex_ sees to it. Promises are set
/// without it, since whoever waits may run at once.
class Core final : public Abortable, public std::enable_shared_from_this<Core> {
 public:
  Core(std::shared_ptr<IoThreads> threads, tcp::socket socket) : threads_(std::move(threads)), socket_(std::move(socket)) {}
  ~Core() override { threads_->Unregister(this); }

  Future<StatusOr<std::string>> Read();
  Future<Status> Write(std::string bytes);
  void Close();
  void Abort() override { Close(); }

 private:
  std::optional<StatusOr<std::string>> TryRead() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::optional<Status> TryWrite() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void AwaitReadable() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void AwaitWritable() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OnRead(const error_code& error, size_t count);
  StatusOr<std::string> ReadResult(const error_code& error, std::string_view bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OnWritable(const error_code& error);

  const std::shared_ptr<IoThreads> threads_;  // before socket_, which refers to one of them
  Mutex mutex_;
  tcp::socket socket_ ABSL_GUARDED_BY(mutex_);
  Status broken_ ABSL_GUARDED_BY(mutex_);  // the first error, or closed
  bool drained_ ABSL_GUARDED_BY(mutex_) = false;  // the last read took little: the next one would find nothing
  std::optional<Promise<StatusOr<std::string>>> reader_ ABSL_GUARDED_BY(mutex_);
  std::array<char, kSmallRead> received_;  // the operation's that reader_ waits for
  std::optional<Promise<Status>> writer_ ABSL_GUARDED_BY(mutex_);
  std::string unsent_ ABSL_GUARDED_BY(mutex_);
  size_t sent_ ABSL_GUARDED_BY(mutex_) = 0;  // of unsent_
};

Future<StatusOr<std::string>> Core::Read() {
  std::optional<StatusOr<std::string>> result;
  {
    MutexLock lock(mutex_);
    TSD_CHECK_MSG(!reader_.has_value(), "two Reads at once on one connection");
    if (!drained_) result = TryRead();
    if (!result.has_value()) {
      if (!broken_.ok()) return ReadyFuture<StatusOr<std::string>>(broken_);
      reader_.emplace();
      AwaitReadable();
      return reader_->future();
    }
  }
  return ReadyFuture<StatusOr<std::string>>(*std::move(result));
}

std::optional<StatusOr<std::string>> Core::TryRead() {
  if (!broken_.ok()) return StatusOr<std::string>(broken_);
  error_code error;
  const size_t count = socket_.read_some(boost::asio::buffer(ReadBuffer(), kMaxReadBytes), error);
  if (MustWait(error)) return std::nullopt;
  return ReadResult(error, std::string_view(ReadBuffer(), count));
}

StatusOr<std::string> Core::ReadResult(const error_code& error, std::string_view bytes) {
  if (error == boost::asio::error::eof) return std::string();
  if (error) {
    if (broken_.ok()) broken_ = Lost(error);
    return broken_;
  }
  drained_ = bytes.size() < kSmallRead;
  return std::string(bytes);
}

void Core::AwaitReadable() {
  // Not async_wait: that asks the kernel anew each time.
  socket_.async_receive(boost::asio::buffer(received_),
                        [self = shared_from_this()](const error_code& error, size_t count) { self->OnRead(error, count); });
}

void Core::OnRead(const error_code& error, size_t count) {
  std::optional<Promise<StatusOr<std::string>>> reader;
  StatusOr<std::string> result;
  {
    MutexLock lock(mutex_);
    if (!reader_.has_value()) return;  // Close was here first
    result = ReadResult(error, std::string_view(received_.data(), count));
    reader.swap(reader_);
  }
  reader->Set(std::move(result));
}

Future<Status> Core::Write(std::string bytes) {
  std::optional<Status> result;
  {
    MutexLock lock(mutex_);
    TSD_CHECK_MSG(!writer_.has_value(), "two Writes at once on one connection");
    unsent_ = std::move(bytes);
    sent_ = 0;
    result = TryWrite();
    if (!result.has_value()) {
      writer_.emplace();
      AwaitWritable();
      return writer_->future();
    }
  }
  return ReadyFuture<Status>(*std::move(result));
}

std::optional<Status> Core::TryWrite() {
  while (broken_.ok() && sent_ < unsent_.size()) {
    error_code error;
    sent_ += socket_.write_some(boost::asio::buffer(unsent_.data() + sent_, unsent_.size() - sent_), error);
    if (MustWait(error)) return std::nullopt;
    if (error) broken_ = Lost(error);
  }
  unsent_ = std::string();
  return broken_;
}

void Core::AwaitWritable() {
  socket_.async_wait(tcp::socket::wait_write, [self = shared_from_this()](const error_code& error) { self->OnWritable(error); });
}

void Core::OnWritable(const error_code& error) {
  std::optional<Promise<Status>> writer;
  std::optional<Status> result;
  {
    MutexLock lock(mutex_);
    if (!writer_.has_value()) return;
    if (error && broken_.ok()) broken_ = Lost(error);
    result = TryWrite();
    if (!result.has_value()) return AwaitWritable();
    writer.swap(writer_);
  }
  writer->Set(*std::move(result));
}

void Core::Close() {
  std::optional<Promise<StatusOr<std::string>>> reader;
  std::optional<Promise<Status>> writer;
  {
    MutexLock lock(mutex_);
    broken_ = Closed();
    error_code ignored;
    if (socket_.is_open()) socket_.close(ignored);
    reader.swap(reader_);
    writer.swap(writer_);
  }
  if (reader.has_value()) reader->Set(Closed());
  if (writer.has_value()) writer->Set(Closed());
}

class AsioConnection final : public Connection {
 public:
  AsioConnection(std::shared_ptr<Core> core, Endpoint peer, Endpoint local)
      : core_(std::move(core)), peer_(std::move(peer)), local_(std::move(local)) {}
  ~AsioConnection() override { core_->Close(); }
  Future<StatusOr<std::string>> Read() override { return core_->Read(); }
  Future<Status> Write(std::string bytes) override { return core_->Write(std::move(bytes)); }
  void Close() override { core_->Close(); }
  Endpoint Peer() const override { return peer_; }
  Endpoint Local() const override { return local_; }

 private:
  const std::shared_ptr<Core> core_;
  const Endpoint peer_;
  const Endpoint local_;
};

}  // namespace

Endpoint ToEndpoint(const tcp::endpoint& address) {
  boost::asio::ip::address ip = address.address();
  if (ip.is_v6() && ip.to_v6().is_v4_mapped()) ip = boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, ip.to_v6());
  return Endpoint{ip.to_string(), address.port()};
}

std::shared_ptr<Connection> MakeAsioConnection(std::shared_ptr<IoThreads> threads, tcp::socket socket, const AsioOptions& options) {
  error_code error;
  const tcp::endpoint peer = socket.remote_endpoint(error);
  if (error) return nullptr;
  const tcp::endpoint local = socket.local_endpoint(error);
  if (error) return nullptr;
  socket.non_blocking(true, error);
  if (error) return nullptr;
  SetOptions(&socket, options);
  auto core = std::make_shared<Core>(threads, std::move(socket));
  if (!threads->Register(core)) return nullptr;
  return std::make_shared<AsioConnection>(std::move(core), ToEndpoint(peer), ToEndpoint(local));
}

}  // namespace tsd::net
