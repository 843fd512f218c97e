// Functions about the server itself: pg_reload_conf, pg_cancel_backend, pg_terminate_backend (called like any other function, row by row),
// pg_sleep (which waits).
#include "coord/session/coord_functions.h"
#include "coord/session/session_registry.h"
#include "engine/base/strings.h"

namespace tsd::coord {

Status CoordFunctions::RequireSuperuser(std::string_view what) const {
  if (session_->IsSuperuser()) return OkStatus();
  return Error(sqlstate::kInsufficientPrivilege, StrCat("permission denied for ", what));
}

Status CoordFunctions::RequireAccessNode() const {
  if (session_->services_.role == ServerRole::kAccess && session_->services_.membership->cluster() == 0) return OkStatus();
  return Error(sqlstate::kFeatureNotSupported, "function must be run on the access node only");
}

Task<Status> CoordFunctions::ListeningChannels(CallArguments, ResultRows* rows) {
  for (const std::string& channel : session_->channels_) rows->Add({Value::Text(channel)});
  co_return OkStatus();
}

Task<Status> CoordFunctions::Sleep(CallArguments arguments, ResultRows* rows) {
  const Clock& clock = *session_->services_.clock;
  const absl::Duration end = clock.Monotonic() + (arguments.IsNull(0) ? absl::ZeroDuration() : absl::Seconds(arguments.Get(0).AsDouble()));
  while (clock.Monotonic() < end && !session_->cancel_->cancelled.load()) {
    co_await SleepFor{std::min<absl::Duration>(end - clock.Monotonic(), absl::Milliseconds(50))};
  }
  if (session_->cancel_->cancelled.load()) co_return Error(sqlstate::kQueryCanceled, "canceling statement due to user request");
  rows->Add({Value::Bytes(TypeId::kVoid, "")});
  co_return OkStatus();
}

StatusOr<Value> CatalogFunctions::ReloadConfiguration() {
  if (!session_.IsSuperuser()) return Error(sqlstate::kInsufficientPrivilege, "permission denied for function pg_reload_conf");
  // A bad file keeps its old values and is reported in the log and pg_hba_file_rules; the signal itself was sent.
  const Status status = session_.services().reload();
  if (!status.ok()) session_.Notice("WARNING", sqlstate::kConfigFileError, std::string(StdView(status.message())), FieldsOf(status).detail);
  return Value::Bool(true);
}

StatusOr<Value> CatalogFunctions::SignalBackend(bool terminate, const Value& process_id) {
  if (process_id.IsNull()) return Value::Null(TypeId::kBool);
  const auto pid = static_cast<int32_t>(process_id.AsInteger());
  std::string user;
  session_.services().sessions->ForEach([&](const Session& other) {
    if (other.identity().process_id == pid) user = other.identity().user;
  });
  if (!user.empty() && user != session_.identity().user && !session_.IsSuperuser()) {
    return Error(sqlstate::kInsufficientPrivilege, StrCat("must be a member of the role whose ", terminate ? "process" : "query", " is being ",
                                                          terminate ? "terminated" : "canceled", " or member of pg_signal_backend"));
  }
  const bool found = terminate ? session_.services().pg->TerminateSession(pid) : session_.services().pg->CancelStatement(pid);
  if (!found) session_.Notice("WARNING", sqlstate::kWarning, StrCat("PID ", pid, " is not a PostgreSQL backend process"));
  return Value::Bool(found);
}

}  // namespace tsd::coord
