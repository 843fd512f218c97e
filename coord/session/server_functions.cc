// Functions about the server itself: pg_reload_conf, pg_cancel_backend, pg_sleep.
#include "coord/session/coord_functions.h"
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

Task<Status> CoordFunctions::ReloadConf(CallArguments, ResultRows* rows) {
  CO_RETURN_IF_ERROR(RequireSuperuser("function pg_reload_conf"));
  // A bad file keeps its old values and is reported in the log and pg_hba_file_rules; the signal itself was sent.
  const Status status = session_->services_.reload();
  if (!status.ok()) session_->Notice("WARNING", sqlstate::kConfigFileError, std::string(StdView(status.message())), FieldsOf(status).detail);
  rows->Add({Value::Bool(true)});
  co_return OkStatus();
}

Task<Status> CoordFunctions::CancelBackend(CallArguments arguments, ResultRows* rows) {
  const int32_t pid = static_cast<int32_t>(arguments.Integer(0, 0));
  const bool found = session_->services_.pg->CancelStatement(pid);
  if (!found) session_->Notice("WARNING", sqlstate::kWarning, StrCat("PID ", pid, " is not a PostgreSQL backend process"));
  rows->Add({Value::Bool(found)});
  co_return OkStatus();
}

Task<Status> CoordFunctions::TerminateBackend(CallArguments arguments, ResultRows* rows) {
  CO_RETURN_IF_ERROR(RequireSuperuser("function pg_terminate_backend"));
  const int32_t pid = static_cast<int32_t>(arguments.Integer(0, 0));
  const bool found = session_->services_.pg->TerminateSession(pid);
  if (!found) session_->Notice("WARNING", sqlstate::kWarning, StrCat("PID ", pid, " is not a PostgreSQL backend process"));
  rows->Add({Value::Bool(found)});
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

}  // namespace tsd::coord
