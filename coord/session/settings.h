#pragma once
// Settings (PostgreSQL's GUCs): the table of what exists, the server's values (tsd.conf, command line; reloadable) and a session's own.
// SettingTable and ServerSettings are thread-safe; SessionSettings belongs to one session.
#include <absl/container/flat_hash_map.h>

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/mutex.h"
#include "engine/base/status.h"

namespace tsd::coord {

enum class SettingKind : uint8_t { kBool, kInteger, kReal, kString, kEnum };
/// Who may change it, and when (pg_settings.context).
enum class SettingContext : uint8_t { kInternal, kPostmaster, kSighup, kUser };

struct SettingDefinition {
  std::string name;          // as SHOW prints it ("TimeZone"); looked up without case
  SettingKind kind = SettingKind::kString;
  SettingContext context = SettingContext::kUser;
  std::string default_value;
  std::string unit;          // "ms", "s", "kB", "8kB" … or empty
  int64_t minimum = 0, maximum = 0;      // kInteger
  std::vector<std::string> choices;      // kEnum
  std::string category;
  std::string description;
  bool report = false;       // told to clients when it changes (ParameterStatus)
};

/// nullptr if there is no such setting.
const SettingDefinition* FindSetting(std::string_view name);
const std::vector<SettingDefinition>& AllSettings();
/// The canonical text of a value ("on" for "true", "60s" for statement_timeout 60000). 22023 with PostgreSQL's texts.
StatusOr<std::string> NormalizeSetting(const SettingDefinition& definition, const std::string& value, const std::string& current = {});
/// 42704 'unrecognized configuration parameter "x"'. Names with a dot are custom and allowed, except under timescaledb and tsd.
Status UnknownSetting(std::string_view name);
/// Milliseconds of a normalised time setting ("5s" -> 5000).
int64_t SettingMillis(std::string_view value);
/// Bytes of a normalised memory setting ("1GB").
int64_t SettingBytes(std::string_view value);

class ServerSettings {
 public:
  /// Values from tsd.conf's text: name = value lines. An error names the line and changes nothing.
  Status LoadFile(std::string_view text, bool at_start);
  /// From the command line or the server itself; wins over the file.
  Status Override(const std::string& name, const std::string& value);
  std::string Get(std::string_view name) const;
  int64_t GetInteger(std::string_view name) const;
  /// Changes with every reload and override.
  uint64_t version() const { return version_.load(std::memory_order_acquire); }
  /// Values that wait for a restart (changed in the file, context postmaster).
  std::vector<std::string> PendingRestart() const;

 private:
  mutable Mutex mutex_;
  std::map<std::string, std::string> file_ ABSL_GUARDED_BY(mutex_);       // by lower-case name
  std::map<std::string, std::string> overrides_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string> pending_ ABSL_GUARDED_BY(mutex_);
  std::atomic<uint64_t> version_{0};
};

class SessionSettings {
 public:
  explicit SessionSettings(const ServerSettings& server) : server_(server) {}

  /// Cheap enough for every statement: values are remembered until one changes.
  StatusOr<std::string> Get(std::string_view name) const;
  std::string GetOr(std::string_view name, std::string_view fallback) const;
  /// What the session started with; RESET returns to it.
  Status SetStartup(const std::string& name, const std::string& value);
  Status Set(const std::string& name, const std::string& value, bool local);
  Status Reset(const std::string& name);
  void ResetAll();
  /// Transaction ends: SET LOCAL is undone; after a rollback, SET too.
  void BeginTransaction();
  void EndTransaction(bool committed);
  /// A savepoint's: ROLLBACK TO undoes what was SET since.
  struct State {
    std::map<std::string, std::string> values, local;
  };
  State Save() const { return {values_, local_}; }
  void Restore(const State& state);
  /// Names of reported settings whose value differs from the last call; values for ParameterStatus.
  std::vector<std::pair<std::string, std::string>> TakeChanges();
  std::vector<std::pair<std::string, std::string>> Reported() const;
  /// Changes whenever a value may have.
  uint64_t version() const { return version_ + server_.version(); }

 private:
  Status Check(const std::string& name, std::string* value) const;
  StatusOr<std::string> Find(std::string_view name) const;

  const ServerSettings& server_;
  uint64_t version_ = 1;       // of our own values
  uint64_t told_version_ = 0;  // at the last TakeChanges
  mutable uint64_t found_version_ = 0;
  mutable absl::flat_hash_map<std::string, std::string> found_;  // by the name asked for
  std::map<std::string, std::string> startup_;
  std::map<std::string, std::string> values_;
  std::map<std::string, std::string> local_;
  std::optional<std::map<std::string, std::string>> saved_;  // values_ at the transaction's start
  std::map<std::string, std::string> told_;
};

}  // namespace tsd::coord
