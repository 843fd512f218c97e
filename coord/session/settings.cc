#include "coord/session/settings.h"

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <cmath>

#include "engine/base/strings.h"
#include "engine/types/interval_text.h"
#include "engine/types/text_form.h"
#include "engine/types/timezone.h"

namespace tsd::coord {
namespace {

std::string Lower(std::string_view name) { return absl::AsciiStrToLower(AbslView(name)); }

struct Unit {
  std::string_view name;
  double factor;  // in the base unit: ms for times, kB for memory
};
constexpr Unit kTimeUnits[] = {{"us", 0.001}, {"ms", 1}, {"s", 1000}, {"min", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
constexpr Unit kMemoryUnits[] = {{"B", 1.0 / 1024}, {"kB", 1}, {"MB", 1024}, {"GB", 1024.0 * 1024}, {"TB", 1024.0 * 1024 * 1024}};

bool IsTimeUnit(std::string_view unit) { return unit == "ms" || unit == "s" || unit == "min"; }

double FactorOf(std::string_view unit, bool time) {
  if (time) {
    for (const Unit& entry : kTimeUnits) {
      if (entry.name == unit) return entry.factor;
    }
  } else {
    if (unit == "8kB") return 8;
    for (const Unit& entry : kMemoryUnits) {
      if (entry.name == unit) return entry.factor;
    }
  }
  return 0;
}

Status BadValue(const SettingDefinition& definition, const std::string& value) {
  return Error(sqlstate::kInvalidParameterValue, StrCat("invalid value for parameter \"", definition.name, "\": \"", value, "\""));
}

// An integer with unit, in the setting's own unit, printed in the largest unit that divides it.
StatusOr<std::string> NormalizeInteger(const SettingDefinition& definition, const std::string& value) {
  const std::string text(absl::StripAsciiWhitespace(value));
  size_t digits = 0;
  while (digits < text.size() && (absl::ascii_isdigit(static_cast<unsigned char>(text[digits])) || text[digits] == '-' ||
                                  text[digits] == '+' || text[digits] == '.')) {
    ++digits;
  }
  double number = 0;
  if (digits == 0 || !absl::SimpleAtod(text.substr(0, digits), &number)) return BadValue(definition, value);
  const std::string unit(absl::StripAsciiWhitespace(text.substr(digits)));
  const bool time = IsTimeUnit(definition.unit);
  if (!unit.empty()) {
    const double factor = definition.unit.empty() ? 0 : FactorOf(unit, time);
    if (factor == 0) {
      Status status = BadValue(definition, value);
      return time ? WithHint(std::move(status), "Valid units for this parameter are \"us\", \"ms\", \"s\", \"min\", \"h\", and \"d\".") : status;
    }
    number = number * factor / FactorOf(definition.unit, time);
  }
  const int64_t whole = static_cast<int64_t>(std::llrint(number));
  if (whole < definition.minimum || whole > definition.maximum) {
    return Error(sqlstate::kInvalidParameterValue, StrCat(whole, definition.unit.empty() ? "" : " ", definition.unit,
                                                          " is outside the valid range for parameter \"", definition.name, "\" (",
                                                          definition.minimum, " .. ", definition.maximum, ")"));
  }
  if (definition.unit.empty() || whole <= 0) return std::to_string(whole);
  double base = static_cast<double>(whole) * FactorOf(definition.unit, time);
  std::string best = StrCat(whole, definition.unit);
  auto consider = [&](const Unit& entry) {
    const double count = base / entry.factor;
    if (count >= 1 && count == std::floor(count)) best = StrCat(static_cast<int64_t>(count), entry.name);
  };
  if (time) {
    for (const Unit& entry : kTimeUnits) consider(entry);
  } else {
    for (const Unit& entry : kMemoryUnits) consider(entry);
  }
  return best;
}

StatusOr<std::string> NormalizeEnum(const SettingDefinition& definition, const std::string& value) {
  const std::string lower = Lower(value);
  for (const std::string& choice : definition.choices) {
    if (Lower(choice) == lower) return choice;
  }
  return WithHint(BadValue(definition, value), StrCat("Available values: ", absl::StrJoin(definition.choices, ", "), "."));
}

/// A style and an order of day, month and year, either of which may be left out: then `current` decides.
StatusOr<std::string> NormalizeDateStyle(const SettingDefinition& definition, const std::string& value, const std::string& current) {
  static const std::map<std::string, std::string> kStyles = {{"iso", "ISO"}, {"sql", "SQL"}, {"postgres", "Postgres"}, {"german", "German"}};
  static const std::map<std::string, std::string> kOrders = {{"mdy", "MDY"}, {"us", "MDY"}, {"noneuro", "MDY"}, {"noneuropean", "MDY"},
                                                             {"dmy", "DMY"}, {"euro", "DMY"}, {"european", "DMY"}, {"ymd", "YMD"}};
  std::string style, order;
  bool conflict = false;
  const auto set = [&conflict](std::string& slot, const std::string& word) {
    conflict = conflict || (!slot.empty() && slot != word);
    slot = word;
  };
  const size_t comma = current.find(", ");
  for (absl::string_view part : absl::StrSplit(value, ',')) {
    const std::string word = Lower(StdView(absl::StripAsciiWhitespace(part)));
    const auto found_style = kStyles.find(word);
    const auto found_order = kOrders.find(word);
    if (found_style != kStyles.end()) {
      set(style, found_style->second);
    } else if (found_order != kOrders.end()) {
      set(order, found_order->second);
    } else if (word == "default") {
      if (style.empty()) style = "ISO";
      if (order.empty()) order = "MDY";
    } else {
      return WithDetail(BadValue(definition, value), StrCat("Unrecognized key word: \"", word, "\"."));
    }
  }
  if (conflict) return WithDetail(BadValue(definition, value), "Conflicting \"datestyle\" specifications.");
  if (style == "German" && order.empty()) order = "DMY";
  if (style.empty()) style = current.substr(0, comma);
  if (order.empty()) order = comma == std::string::npos ? "MDY" : current.substr(comma + 2);
  return StrCat(style, ", ", order);
}

/// An offset east of UTC as a POSIX zone ("<-07>+07"), as it is shown.
std::string OffsetZone(int64_t seconds) {
  const int64_t size = std::abs(seconds);
  std::string digits = absl::StrFormat("%02d", size / 3600);
  if (size % 3600 != 0) digits += absl::StrFormat(":%02d", size / 60 % 60);
  if (size % 60 != 0) digits += absl::StrFormat(":%02d", size % 60);
  return StrCat("<", seconds < 0 ? "-" : "+", digits, ">", seconds < 0 ? "+" : "-", digits);
}

StatusOr<std::string> NormalizeTimeZone(const SettingDefinition& definition, const std::string& value) {
  double hours = 0;
  std::string name = value;
  if (absl::SimpleAtod(value, &hours) && std::abs(hours) < 168) {
    name = OffsetZone(std::llrint(hours * 3600));
  } else if (Lower(value).starts_with("interval")) {
    const size_t begin = value.find('\''), end = value.rfind('\'');
    if (begin == std::string::npos || end <= begin) return BadValue(definition, value);
    StatusOr<Interval> offset = ParseInterval(std::string_view(value).substr(begin + 1, end - begin - 1), -1);
    if (!offset.ok()) return BadValue(definition, value);
    if (offset->months != 0) return Error(sqlstate::kInvalidParameterValue, "Cannot specify months in time zone interval.");
    if (offset->days != 0) return Error(sqlstate::kInvalidParameterValue, "Cannot specify days in time zone interval.");
    name = OffsetZone(offset->micros / kMicrosPerSecond);
  }
  absl::TimeZone zone;
  if (!FindTimeZoneSetting(name, &zone)) return BadValue(definition, value);
  return name;
}

StatusOr<std::string> NormalizeString(const SettingDefinition& definition, const std::string& value, const std::string& current) {
  if (definition.name == "TimeZone") return NormalizeTimeZone(definition, value);
  if (definition.name == "DateStyle") return NormalizeDateStyle(definition, value, current);
  if (definition.name == "client_encoding") {
    std::string name = Lower(value);
    std::erase_if(name, [](char c) { return c == '\'' || c == '-' || c == '_' || c == ' '; });
    if (name == "utf8" || name == "unicode") return std::string("UTF8");
    if (name == "sqlascii") return std::string("SQL_ASCII");
    return Error(sqlstate::kFeatureNotSupported, StrCat("conversion between ", value, " and UTF8 is not supported"));
  }
  return value;
}

bool IsReservedPrefix(std::string_view name) { return name.starts_with("timescaledb.") || name.starts_with("tsd."); }

}  // namespace

const SettingDefinition* FindSetting(std::string_view name) {
  static const auto* index = [] {
    auto* map = new std::map<std::string, const SettingDefinition*, std::less<>>();  // tidy: the static table of this function, filled in a lambda
    for (const SettingDefinition& definition : AllSettings()) (*map)[Lower(definition.name)] = &definition;
    return map;
  }();
  auto found = index->find(Lower(name));
  return found == index->end() ? nullptr : found->second;
}

Status UnknownSetting(std::string_view name) {
  return Error(sqlstate::kUndefinedObject, StrCat("unrecognized configuration parameter \"", name, "\""));
}

StatusOr<std::string> NormalizeSetting(const SettingDefinition& definition, const std::string& value, const std::string& current) {
  switch (definition.kind) {
    case SettingKind::kBool: {
      StatusOr<bool> parsed = ParseBool(value);
      if (!parsed.ok()) return Error(sqlstate::kInvalidParameterValue, StrCat("parameter \"", definition.name, "\" requires a Boolean value"));
      // Its strings would mean something else to us than to the client.
      if (!*parsed && definition.name == "standard_conforming_strings") {
        return Error(sqlstate::kFeatureNotSupported, "standard_conforming_strings cannot be off");
      }
      return std::string(*parsed ? "on" : "off");
    }
    case SettingKind::kInteger: return NormalizeInteger(definition, value);
    case SettingKind::kReal: {
      double number = 0;
      if (!absl::SimpleAtod(value, &number)) return BadValue(definition, value);
      std::string text;
      FormatFloat64(number, 1, text);
      return text;
    }
    case SettingKind::kEnum: return NormalizeEnum(definition, value);
    case SettingKind::kString: return NormalizeString(definition, value, current.empty() ? definition.default_value : current);
  }
  return value;
}

int64_t SettingMillis(std::string_view value) {
  size_t digits = 0;
  while (digits < value.size() && (absl::ascii_isdigit(static_cast<unsigned char>(value[digits])) || value[digits] == '-')) ++digits;
  int64_t number = 0;
  if (!absl::SimpleAtoi(AbslView(value.substr(0, digits)), &number)) return 0;
  const double factor = FactorOf(value.substr(digits), true);
  return static_cast<int64_t>(static_cast<double>(number) * (factor == 0 ? 1 : factor));
}

int64_t SettingBytes(std::string_view value) {
  const size_t digits = std::min(value.find_first_not_of("0123456789"), value.size());
  int64_t number = 0;
  if (!absl::SimpleAtoi(AbslView(value.substr(0, digits)), &number)) return 0;
  const double factor = FactorOf(value.substr(digits), false);
  return static_cast<int64_t>(static_cast<double>(number) * (factor == 0 ? 1 : factor) * 1024);
}

// ---- ServerSettings ----

Status ServerSettings::LoadFile(std::string_view text, bool at_start) {
  std::map<std::string, std::string> parsed;
  int line_number = 0;
  for (absl::string_view raw : absl::StrSplit(AbslView(text), '\n')) {
    ++line_number;
    std::string line;
    bool quoted = false;
    for (char c : raw) {
      if (c == '\'') quoted = !quoted;
      if (c == '#' && !quoted) break;
      line.push_back(c);
    }
    const std::string trimmed(absl::StripAsciiWhitespace(line));
    if (trimmed.empty()) continue;
    const size_t end = trimmed.find_first_of("= \t");
    if (end == std::string::npos || quoted) {
      return Error(sqlstate::kConfigFileError, StrCat("syntax error in tsd.conf line ", line_number));
    }
    const std::string name = Lower(std::string_view(trimmed).substr(0, end));
    std::string value(absl::StripAsciiWhitespace(trimmed.substr(end)));
    if (!value.empty() && value[0] == '=') value = std::string(absl::StripAsciiWhitespace(value.substr(1)));
    if (value.size() >= 2 && value.front() == '\'' && value.back() == '\'') {
      value = value.substr(1, value.size() - 2);
      for (size_t at = value.find("''"); at != std::string::npos; at = value.find("''", at + 1)) value.erase(at, 1);
    }
    const SettingDefinition* definition = FindSetting(name);
    if (definition == nullptr) {
      if (name.find('.') != std::string::npos && !IsReservedPrefix(name)) continue;
      return Error(sqlstate::kUndefinedObject, StrCat("unrecognized configuration parameter \"", name, "\" in tsd.conf line ", line_number));
    }
    if (definition->context == SettingContext::kInternal) {
      return Error(sqlstate::kCantChangeRuntimeParam, StrCat("parameter \"", name, "\" cannot be changed (tsd.conf line ", line_number, ")"));
    }
    StatusOr<std::string> normal = NormalizeSetting(*definition, value);
    if (!normal.ok()) return WithPrefix(normal.status(), StrCat("tsd.conf line ", line_number, ": "));
    parsed[name] = *normal;
  }
  MutexLock lock(mutex_);
  pending_.clear();
  if (!at_start) {
    for (const SettingDefinition& definition : AllSettings()) {
      if (definition.context != SettingContext::kPostmaster) continue;
      const std::string name = Lower(definition.name);
      auto old_value = file_.find(name);
      auto new_value = parsed.find(name);
      const std::string before = old_value == file_.end() ? definition.default_value : old_value->second;
      const std::string after = new_value == parsed.end() ? definition.default_value : new_value->second;
      if (before == after) continue;
      pending_[name] = after;
      if (old_value == file_.end()) {
        parsed.erase(name);
      } else {
        parsed[name] = before;
      }
    }
  }
  file_ = std::move(parsed);
  version_.fetch_add(1, std::memory_order_release);
  return OkStatus();
}

Status ServerSettings::Override(const std::string& name, const std::string& value) {
  const SettingDefinition* definition = FindSetting(name);
  if (definition == nullptr) return UnknownSetting(name);
  ASSIGN_OR_RETURN(std::string normal, NormalizeSetting(*definition, value));
  MutexLock lock(mutex_);
  overrides_[Lower(name)] = std::move(normal);
  version_.fetch_add(1, std::memory_order_release);
  return OkStatus();
}

std::string ServerSettings::Get(std::string_view name) const {
  const std::string lower = Lower(name);
  {
    MutexLock lock(mutex_);
    if (auto found = overrides_.find(lower); found != overrides_.end()) return found->second;
    if (auto found = file_.find(lower); found != file_.end()) return found->second;
  }
  const SettingDefinition* definition = FindSetting(name);
  return definition == nullptr ? "" : definition->default_value;
}

int64_t ServerSettings::GetInteger(std::string_view name) const {
  const std::string value = Get(name);
  int64_t number = 0;
  if (!absl::SimpleAtoi(value, &number)) return 0;
  return number;
}

std::vector<std::string> ServerSettings::PendingRestart() const {
  MutexLock lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, value] : pending_) names.push_back(name);
  return names;
}

// ---- SessionSettings ----

StatusOr<std::string> SessionSettings::Get(std::string_view name) const {
  if (const uint64_t now = version(); found_version_ != now) {
    found_.clear();
    found_version_ = now;
  }
  if (auto found = found_.find(AbslView(name)); found != found_.end()) return found->second;
  StatusOr<std::string> value = Find(name);
  if (value.ok()) found_.emplace(std::string(name), *value);
  return value;
}

StatusOr<std::string> SessionSettings::Find(std::string_view name) const {
  const std::string lower = Lower(name);
  for (const auto* map : {&local_, &values_, &startup_}) {
    if (auto found = map->find(lower); found != map->end()) return found->second;
  }
  if (FindSetting(name) == nullptr) return UnknownSetting(name);
  return server_.Get(name);
}

std::string SessionSettings::GetOr(std::string_view name, std::string_view fallback) const {
  StatusOr<std::string> value = Get(name);
  return value.ok() ? *value : std::string(fallback);
}

Status SessionSettings::Check(const std::string& name, std::string* value) const {
  const SettingDefinition* definition = FindSetting(name);
  if (definition == nullptr) {
    if (name.find('.') != std::string::npos && !IsReservedPrefix(Lower(name))) return OkStatus();
    return UnknownSetting(name);
  }
  switch (definition->context) {
    case SettingContext::kInternal:
      return Error(sqlstate::kCantChangeRuntimeParam, StrCat("parameter \"", definition->name, "\" cannot be changed"));
    case SettingContext::kPostmaster:
      return Error(sqlstate::kCantChangeRuntimeParam, StrCat("parameter \"", definition->name, "\" cannot be changed without restarting the server"));
    case SettingContext::kSighup:
      return Error(sqlstate::kCantChangeRuntimeParam, StrCat("parameter \"", definition->name, "\" cannot be changed now"));
    case SettingContext::kUser: break;
  }
  ASSIGN_OR_RETURN(*value, NormalizeSetting(*definition, *value, GetOr(name, definition->default_value)));
  return OkStatus();
}

Status SessionSettings::SetStartup(const std::string& name, const std::string& value) {
  std::string normal = value;
  RETURN_IF_ERROR(Check(name, &normal));
  startup_[Lower(name)] = normal;
  ++version_;
  return OkStatus();
}

Status SessionSettings::Set(const std::string& name, const std::string& value, bool local) {
  std::string normal = value;
  RETURN_IF_ERROR(Check(name, &normal));
  ++version_;
  if (local) {
    local_[Lower(name)] = normal;
  } else {
    values_[Lower(name)] = normal;
    local_.erase(Lower(name));
  }
  return OkStatus();
}

Status SessionSettings::Reset(const std::string& name) {
  const std::string lower = Lower(name);
  std::string value = GetOr(name, "");
  RETURN_IF_ERROR(Check(name, &value));
  values_.erase(lower);
  local_.erase(lower);
  ++version_;
  return OkStatus();
}

void SessionSettings::ResetAll() {
  values_.clear();
  local_.clear();
  ++version_;
}

void SessionSettings::BeginTransaction() {
  if (!saved_.has_value()) saved_ = values_;
}

void SessionSettings::Restore(const State& state) {
  values_ = state.values;
  local_ = state.local;
  ++version_;
}
void SessionSettings::EndTransaction(bool committed) {
  if (!local_.empty() || (!committed && saved_.has_value() && values_ != *saved_)) ++version_;
  local_.clear();
  if (!committed && saved_.has_value()) values_ = *saved_;
  saved_.reset();
}

std::vector<std::pair<std::string, std::string>> SessionSettings::Reported() const {
  std::vector<std::pair<std::string, std::string>> result;
  for (const SettingDefinition& definition : AllSettings()) {
    if (definition.report) result.emplace_back(definition.name, GetOr(definition.name, ""));
  }
  return result;
}

std::vector<std::pair<std::string, std::string>> SessionSettings::TakeChanges() {
  std::vector<std::pair<std::string, std::string>> changes;
  const uint64_t now = version();
  if (told_version_ == now) return changes;
  told_version_ = now;
  for (auto& [name, value] : Reported()) {
    auto [told, inserted] = told_.try_emplace(name, value);
    if (!inserted && told->second != value) {
      told->second = value;
      changes.emplace_back(name, value);
    }
  }
  return changes;
}

}  // namespace tsd::coord
