// json and jsonb: member access, kinds, building.
#include <optional>

#include "engine/base/strings.h"
#include "engine/types/json_text.h"
#include "engine/types/text_form.h"
#include "sql/function/function_context.h"
#include "sql/function/json_slices.h"
#include "sql/function/registry_builder.h"
#include "sql/function/row_args.h"
#include "sql/function/variadic.h"
#include "sql/function/text_value.h"

namespace tsd::sql {
namespace {

enum class As : uint8_t { kJson, kText };

template <As kAs>
Status PutSlice(Vector& out, const std::optional<std::string_view>& slice) {
  if (!slice.has_value()) return PutNull(out);
  if (kAs == As::kJson) return PutText(out, *slice);
  const std::string_view kind = JsonKind(*slice);
  if (kind == "null") return PutNull(out);
  return PutText(out, kind == "string" ? JsonStringText(*slice) : std::string(*slice));
}
template <As kAs>
Status Field(const RowArgs& a, Vector& out) { return PutSlice<kAs>(out, JsonField(a.Text(0), a.Text(1))); }
template <As kAs>
Status Element(const RowArgs& a, Vector& out) { return PutSlice<kAs>(out, JsonElement(a.Text(0), a.I32(1))); }
template <As kAs>
Status Path(const RowArgs& a, Vector& out) {
  ASSIGN_OR_RETURN(const ArrayValue path, a.Array(1));
  std::optional<std::string_view> at = TrimJson(a.Text(0));
  for (size_t i = 0; i < path.size() && at.has_value(); ++i) {
    if (path.elements().IsNull(i)) return PutNull(out);
    const std::string_view step = path.elements().GetBytes(i);
    if (JsonKind(*at) == "array") {
      StatusOr<int64_t> index = ParseInteger(TypeId::kInt32, step);
      at = index.ok() ? JsonElement(*at, *index) : std::nullopt;
    } else {
      at = JsonField(*at, step);
    }
  }
  return PutSlice<kAs>(out, at);
}
Status Kind(const RowArgs& a, Vector& out) { return PutText(out, JsonKind(a.Text(0))); }
Status ArrayLength(const RowArgs& a, Vector& out) {
  const std::string_view kind = JsonKind(a.Text(0));
  if (kind == "object") return Error(sqlstate::kInvalidParameterValue, "cannot get array length of a non-array");
  if (kind != "array") return Error(sqlstate::kInvalidParameterValue, "cannot get array length of a scalar");
  return Put<int32_t>(out, static_cast<int32_t>(JsonMembers(a.Text(0)).size()));
}
Status HasKey(const RowArgs& a, Vector& out) {
  for (const JsonMember& member : JsonMembers(a.Text(0))) {
    const std::string_view candidate = member.key.empty() ? member.value : member.key;
    if (candidate.starts_with('"') && JsonStringText(candidate) == a.Text(1)) return PutBool(out, true);
  }
  return PutBool(out, false);
}

// ---- building ----
void AppendJsonValue(const RowArgs& a, size_t i, std::string& out);

void AppendArrayAsJson(const ArrayValue& array, const RowArgs& a, std::string& out) {
  // Elements are looked at one by one as arguments of their own; several dimensions are flattened by row.
  const VectorPtr elements[] = {array.elements_ptr()};
  KernelCall call = *a.call;
  call.arguments = elements;
  out += '[';
  for (size_t row = 0; row < array.size(); ++row) {
    if (row > 0) out += ',';
    AppendJsonValue(RowArgs{&call, row}, 0, out);
  }
  out += ']';
}

void AppendJsonValue(const RowArgs& a, size_t i, std::string& out) {
  if (a.IsNull(i)) {
    out += "null";
    return;
  }
  const DataType& type = a.type(i);
  if (type.is_array) {
    StatusOr<ArrayValue> array = a.Array(i);
    if (array.ok()) {
      AppendArrayAsJson(*array, a, out);
    } else {
      out += "null";
    }
    return;
  }
  switch (type.id) {
    case TypeId::kBool: out += a.Bool(i) ? "true" : "false"; return;
    case TypeId::kJson:
    case TypeId::kJsonb: out += a.Text(i); return;
    default: break;
  }
  std::string text;
  TextContext context = TextContextOf(a.context());
  context.datetime.style = DateStyle::kIso;
  FormatText(a.column(i), a.row, context, text);
  const bool number = type.IsNumber() && text != "NaN" && text != "Infinity" && text != "-Infinity";
  if (type.Is(TypeId::kTimestamp) || type.Is(TypeId::kTimestampTz)) {
    const size_t space = text.find(' ');
    if (space != std::string::npos) text[space] = 'T';
    // JSON dates carry minutes of the offset: +02 becomes +02:00.
    if (type.Is(TypeId::kTimestampTz) && text.size() > 3 && (text[text.size() - 3] == '+' || text[text.size() - 3] == '-')) text += ":00";
  }
  if (number) {
    out += text;
  } else {
    AppendJsonString(text, out);
  }
}

Status PutJson(const RowArgs& a, std::string_view text, Vector& out) {
  if (a.call->result.Is(TypeId::kJson)) return PutText(out, text);
  ASSIGN_OR_RETURN(const std::string normal, NormalizeJson(text));
  return PutText(out, normal);
}
Status ToJson(const RowArgs& a, Vector& out) {
  std::string text;
  AppendJsonValue(a, 0, text);
  return PutJson(a, text, out);
}
Status BuildArray(const RowArgs& a, Vector& out) {
  std::string text = "[";
  for (size_t i = 0; i < a.count(); ++i) {
    if (i > 0) text += ", ";
    AppendJsonValue(a, i, text);
  }
  text += ']';
  return PutJson(a, text, out);
}
Status BuildObject(const RowArgs& a, Vector& out) {
  if (a.count() % 2 != 0) {
    return WithHint(Error(sqlstate::kInvalidParameterValue, "argument list must have even number of elements"),
                    "The arguments of json_build_object() must consist of alternating keys and values.");
  }
  std::string text = "{";
  for (size_t i = 0; i < a.count(); i += 2) {
    if (a.IsNull(i)) return Error(sqlstate::kInvalidParameterValue, StrCat("argument ", i + 1, ": key must not be null"));
    if (i > 0) text += ", ";
    AppendJsonString(OutputText(a, i), text);
    text += " : ";
    AppendJsonValue(a, i + 1, text);
  }
  text += '}';
  return PutJson(a, text, out);
}

}  // namespace

void RegisterJson(RegistryBuilder& builder) {
  for (std::string_view type : {"json", "jsonb"}) {
    builder.Row("->", StrCat(type, ",text"), type, Field<As::kJson>);
    builder.Row("->>", StrCat(type, ",text"), "text", Field<As::kText>);
    builder.Row("->", StrCat(type, ",int4"), type, Element<As::kJson>);
    builder.Row("->>", StrCat(type, ",int4"), "text", Element<As::kText>);
    builder.Row("#>", StrCat(type, ",_text"), type, Path<As::kJson>);
    builder.Row("#>>", StrCat(type, ",_text"), "text", Path<As::kText>);
    builder.Row(StrCat(type, "_extract_path"), StrCat("from_json ", type, ",variadic _text"), type, Path<As::kJson>);
    builder.Row(StrCat(type, "_extract_path_text"), StrCat("from_json ", type, ",variadic _text"), "text", Path<As::kText>);
    builder.Row(StrCat(type, "_typeof"), type, "text", Kind);
    builder.Row(StrCat(type, "_array_length"), type, "int4", ArrayLength);
    Stable(builder.Row(StrCat("to_", type), "anyelement", type, ToJson));
    DeclareVariadic<BuildArray>(builder, StrCat(type, "_build_array"), "", type);
    Stable(NotStrict(builder.Row(StrCat(type, "_build_array"), "", type, BuildArray)));
    DeclareVariadic<BuildObject>(builder, StrCat(type, "_build_object"), "", type);
    Stable(NotStrict(builder.Row(StrCat(type, "_build_object"), "", type, BuildObject)));
  }
  Stable(builder.Row("array_to_json", "anyarray", "json", ToJson));
  builder.Row("?", "jsonb,text", "bool", HasKey);
}

}  // namespace tsd::sql
