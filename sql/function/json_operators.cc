// jsonb: containment, merging, deleting; and the pieces the json aggregates are made of (rows as objects, collected values).
#include <algorithm>
#include <optional>

#include "engine/base/strings.h"
#include "engine/types/json_text.h"
#include "engine/types/array.h"
#include "engine/types/numeric.h"
#include "engine/types/text_form.h"
#include "sql/function/aggregate_rows.h"
#include "sql/function/aggregates.h"
#include "sql/function/json_slices.h"
#include "sql/function/registry_builder.h"
#include "sql/function/row_args.h"

namespace tsd::sql {
namespace {

Status BadArgument(std::string_view message) { return Error(sqlstate::kInvalidParameterValue, message); }

Status PutJsonb(Vector& out, std::string_view text) {
  ASSIGN_OR_RETURN(const std::string normal, NormalizeJson(text));
  return PutText(out, normal);
}

// ---- containment ----
bool IsContainer(std::string_view kind) { return kind == "object" || kind == "array"; }

bool SameScalar(std::string_view a, std::string_view b) {
  const std::string_view kind = JsonKind(a);
  if (kind != JsonKind(b)) return false;
  if (a == b) return true;
  if (kind == "string") return JsonStringText(a) == JsonStringText(b);
  if (kind != "number") return false;
  const StatusOr<Numeric> left = Numeric::Parse(a), right = Numeric::Parse(b);
  return left.ok() && right.ok() && *left == *right;
}

/// Both of one kind. Nesting is bounded by what the json reader let in.
bool ContainsValue(std::string_view a, std::string_view b) {
  a = TrimJson(a);
  b = TrimJson(b);
  const std::string_view kind = JsonKind(a);
  if (kind != JsonKind(b)) return false;
  if (!IsContainer(kind)) return SameScalar(a, b);
  const std::vector<JsonMember> members = JsonMembers(a);
  for (const JsonMember& wanted : JsonMembers(b)) {
    const bool found = std::any_of(members.begin(), members.end(), [&](const JsonMember& member) {
      if (kind == "object" && JsonStringText(member.key) != JsonStringText(wanted.key)) return false;
      return ContainsValue(member.value, wanted.value);
    });
    if (!found) return false;
  }
  return true;
}

/// At the top an array also contains a lone scalar.
bool ContainsTop(std::string_view a, std::string_view b) {
  a = TrimJson(a);
  b = TrimJson(b);
  if (JsonKind(a) != "array" || IsContainer(JsonKind(b))) return ContainsValue(a, b);
  const std::vector<JsonMember> members = JsonMembers(a);
  return std::any_of(members.begin(), members.end(), [&](const JsonMember& member) { return ContainsValue(member.value, b); });
}

Status ContainsJson(const RowArgs& a, Vector& out) { return PutBool(out, ContainsTop(a.Text(0), a.Text(1))); }
Status Contained(const RowArgs& a, Vector& out) { return PutBool(out, ContainsTop(a.Text(1), a.Text(0))); }

bool HasKeyText(std::string_view json, std::string_view key) {
  for (const JsonMember& member : JsonMembers(json)) {
    const std::string_view candidate = member.key.empty() ? member.value : member.key;
    if (candidate.starts_with('"') && JsonStringText(candidate) == key) return true;
  }
  return false;
}

template <bool kAll>
Status HasKeys(const RowArgs& a, Vector& out) {
  ASSIGN_OR_RETURN(const ArrayValue keys, a.Array(1));
  for (size_t i = 0; i < keys.size(); ++i) {
    if (keys.elements().IsNull(i)) continue;
    if (HasKeyText(a.Text(0), keys.elements().GetBytes(i)) != kAll) return PutBool(out, !kAll);
  }
  return PutBool(out, kAll);
}

// ---- merging and deleting ----
void AppendMember(const JsonMember& member, std::string* out) {
  if (out->size() > 1) *out += ',';
  if (!member.key.empty()) StrAppend(out, member.key, ":");
  *out += member.value;
}

std::string Collected(const std::vector<JsonMember>& members, bool object) {
  std::string text = object ? "{" : "[";
  for (const JsonMember& member : members) AppendMember(member, &text);
  text += object ? '}' : ']';
  return text;
}

Status Merge(const RowArgs& a, Vector& out) {
  const std::string_view left = TrimJson(a.Text(0)), right = TrimJson(a.Text(1));
  const bool objects = JsonKind(left) == "object" && JsonKind(right) == "object";
  std::vector<JsonMember> members;
  for (const std::string_view side : {left, right}) {
    if (objects || JsonKind(side) == "array") {
      for (const JsonMember& member : JsonMembers(side)) members.push_back(member);
    } else {
      members.push_back({{}, side});
    }
  }
  return PutJsonb(out, Collected(members, objects));  // of equal keys the last one stays
}

/// Members without those a key names: an object's keys, an array's strings.
StatusOr<std::string> Without(std::string_view json, std::string_view key) {
  json = TrimJson(json);
  if (!IsContainer(JsonKind(json))) return BadArgument("cannot delete from scalar");
  std::vector<JsonMember> kept;
  for (const JsonMember& member : JsonMembers(json)) {
    const std::string_view candidate = member.key.empty() ? member.value : member.key;
    if (!candidate.starts_with('"') || JsonStringText(candidate) != key) kept.push_back(member);
  }
  return Collected(kept, JsonKind(json) == "object");
}

Status DeleteKey(const RowArgs& a, Vector& out) {
  ASSIGN_OR_RETURN(const std::string rest, Without(a.Text(0), a.Text(1)));
  return PutJsonb(out, rest);
}
Status DeleteKeys(const RowArgs& a, Vector& out) {
  ASSIGN_OR_RETURN(const ArrayValue keys, a.Array(1));
  std::string rest(a.Text(0));
  if (!IsContainer(JsonKind(TrimJson(rest)))) return BadArgument("cannot delete from scalar");
  for (size_t i = 0; i < keys.size(); ++i) {
    if (keys.elements().IsNull(i)) continue;
    ASSIGN_OR_RETURN(rest, Without(rest, keys.elements().GetBytes(i)));
  }
  return PutJsonb(out, rest);
}
Status DeleteIndex(const RowArgs& a, Vector& out) {
  const std::string_view json = TrimJson(a.Text(0));
  if (JsonKind(json) == "object") return BadArgument("cannot delete from object using integer index");
  if (JsonKind(json) != "array") return BadArgument("cannot delete from scalar");
  std::vector<JsonMember> members = JsonMembers(json);
  const int64_t size = static_cast<int64_t>(members.size());
  const int64_t index = a.I32(1) < 0 ? size + a.I32(1) : a.I32(1);
  if (index >= 0 && index < size) members.erase(members.begin() + index);
  return PutJsonb(out, Collected(members, false));
}

/// `json` without what path[at..] leads to; itself if that isn't there.
StatusOr<std::string> WithoutPath(std::string_view json, const ArrayValue& path, size_t at) {
  json = TrimJson(json);
  const std::string_view kind = JsonKind(json);
  if (at == path.size() || !IsContainer(kind)) return std::string(json);
  if (path.elements().IsNull(at)) return BadArgument(StrCat("path element at position ", at + 1, " is null"));
  const std::string_view step = path.elements().GetBytes(at);
  std::vector<JsonMember> members = JsonMembers(json);
  int64_t index = -1;
  if (kind == "array") {
    const StatusOr<int64_t> number = ParseInteger(TypeId::kInt32, step);
    if (!number.ok()) return BadArgument(StrCat("path element at position ", at + 1, " is not an integer: \"", step, "\""));
    index = *number < 0 ? static_cast<int64_t>(members.size()) + *number : *number;
  } else {
    for (size_t i = 0; i < members.size(); ++i) {
      if (JsonStringText(members[i].key) == step) index = static_cast<int64_t>(i);
    }
  }
  if (index < 0 || index >= static_cast<int64_t>(members.size())) return std::string(json);
  std::string inner;
  if (at + 1 == path.size()) {
    members.erase(members.begin() + index);
  } else {
    ASSIGN_OR_RETURN(inner, WithoutPath(members[static_cast<size_t>(index)].value, path, at + 1));
    members[static_cast<size_t>(index)].value = inner;
  }
  return Collected(members, kind == "object");
}
Status DeletePath(const RowArgs& a, Vector& out) {
  ASSIGN_OR_RETURN(const ArrayValue path, a.Array(1));
  if (!IsContainer(JsonKind(TrimJson(a.Text(0))))) return BadArgument("cannot delete path in scalar");
  ASSIGN_OR_RETURN(const std::string rest, WithoutPath(a.Text(0), path, 0));
  return PutJsonb(out, rest);
}

// ---- aggregates: the values come as json texts, made by to_json in the query ----
enum class Collect : uint8_t { kArray, kLines, kObject };

template <Collect kCollect, bool kBinary>
class JsonCollection final : public AggregateState {
  /// Structured values stand on lines of their own, NULLs among them do not.
  static std::string_view Separator(bool before_null) { return kCollect == Collect::kLines && !before_null ? ", \n " : ", "; }

 public:
  void Resize(size_t groups) override { texts_.resize(groups); }
  Status Update(std::span<const VectorPtr> arguments, GroupIds groups) override {
    const Vector& values = *arguments.back();
    for (size_t row = 0; row < groups.rows; ++row) {
      std::string& text = texts_[groups.ids == nullptr ? 0 : groups.ids[row]];
      const size_t before = text.size();
      if (!text.empty()) text += Separator(values.IsNull(row));
      if (kCollect == Collect::kObject) {
        if (arguments[0]->IsNull(row)) return BadArgument("field name must not be null");
        AppendJsonString(arguments[0]->GetBytes(row), text);
        text += " : ";
      }
      text += values.IsNull(row) ? std::string_view("null") : values.GetBytes(row);
      bytes_ += text.size() - before;
      if (text.size() > (size_t{1} << 30)) return Error(sqlstate::kProgramLimitExceeded, "out of memory: string buffer would exceed 1 GB");
    }
    return OkStatus();
  }
  Status Merge(const Vector& partial, GroupIds groups) override {
    if (partial.type().Physical() != PhysicalType::kBytes) return DamagedPartial();
    return TryPresentRows(partial, groups, [&](size_t row, uint32_t group) -> Status {
      std::string& text = texts_[group];
      if (!text.empty()) text += Separator(partial.GetBytes(row).starts_with("null"));
      text += partial.GetBytes(row);
      bytes_ += partial.GetBytes(row).size() + 2;
      return OkStatus();
    });
  }
  DataType PartialType() const override { return TypeId::kText; }
  Status Partial(size_t begin, size_t end, Vector& out) override {
    for (size_t group = begin; group < end; ++group) {
      if (texts_[group].empty()) {
        out.AppendNull();
      } else {
        out.AppendBytes(texts_[group]);
      }
    }
    return OkStatus();
  }
  Status Finish(size_t begin, size_t end, Vector& out) override {
    for (size_t group = begin; group < end; ++group) {
      const std::string& text = texts_[group];
      if (text.empty()) {
        out.AppendNull();
        continue;
      }
      const std::string whole = kCollect == Collect::kObject ? StrCat("{ ", text, " }") : StrCat("[", text, "]");
      if (kBinary) {
        RETURN_IF_ERROR(PutJsonb(out, whole));
      } else {
        out.AppendBytes(whole);
      }
    }
    return OkStatus();
  }
  size_t MemoryBytes() const override { return texts_.capacity() * sizeof(std::string) + bytes_; }

 private:
  std::vector<std::string> texts_;
  size_t bytes_ = 0;
};

/// Names and json values by turns: the form row_to_json gives a row.
template <bool kBinary>
Status JsonRow(const RowArgs& a, Vector& out) {
  std::string text = "{";
  for (size_t i = 0; i + 1 < a.count(); i += 2) {
    if (i > 0) text += ',';
    AppendJsonString(a.Text(i), text);
    text += ':';
    text += a.IsNull(i + 1) ? std::string_view("null") : a.Text(i + 1);
  }
  text += '}';
  return kBinary ? PutJsonb(out, text) : PutText(out, text);
}

}  // namespace

void RegisterJsonOperators(RegistryBuilder& builder) {
  builder.Row("@>", "jsonb,jsonb", "bool", ContainsJson);
  builder.Row("<@", "jsonb,jsonb", "bool", Contained);
  builder.Row("?|", "jsonb,_text", "bool", HasKeys<false>);
  builder.Row("?&", "jsonb,_text", "bool", HasKeys<true>);
  builder.Row("||", "jsonb,jsonb", "jsonb", Merge);
  builder.Row("-", "jsonb,text", "jsonb", DeleteKey);
  builder.Row("-", "jsonb,_text", "jsonb", DeleteKeys);
  builder.Row("-", "jsonb,int4", "jsonb", DeleteIndex);
  builder.Row("#-", "jsonb,_text", "jsonb", DeletePath);
  builder.Aggregate("json_agg", "json", "json", MakeState<JsonCollection<Collect::kArray, false>>);
  builder.Aggregate("json_agg_lines", "json", "json", MakeState<JsonCollection<Collect::kLines, false>>);
  builder.Aggregate("jsonb_agg", "jsonb", "jsonb", MakeState<JsonCollection<Collect::kArray, true>>);
  builder.Aggregate("json_object_agg", "text,json", "json", MakeState<JsonCollection<Collect::kObject, false>>);
  builder.Aggregate("jsonb_object_agg", "text,jsonb", "jsonb", MakeState<JsonCollection<Collect::kObject, true>>);
  NotStrict(builder.Row("json_row", "variadic any", "json", JsonRow<false>));
  NotStrict(builder.Row("jsonb_row", "variadic any", "jsonb", JsonRow<true>));
}

}  // namespace tsd::sql
