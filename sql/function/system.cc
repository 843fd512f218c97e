// Functions about the system. Those that ask the session or the catalog are only declared: the FunctionContext answers them.
#include <cmath>
#include <cstring>

#include "engine/base/strings.h"
#include "engine/types/numeric.h"
#include "engine/types/record_form.h"
#include "engine/types/text_form.h"
#include "sql/function/function_context.h"
#include "sql/function/registry_builder.h"
#include "sql/function/row_args.h"
#include "sql/function/variadic.h"
#include "sql/function/utf8.h"

namespace tsd::sql {
namespace {

Status TypeOf(const RowArgs& a, Vector& out) { return Put<int64_t>(out, TypeOid(a.type(0))); }

Status FormatType(const RowArgs& a, Vector& out) {
  if (a.IsNull(0)) return PutNull(out);
  const int64_t oid = a.I64(0);
  if (oid == 0) return PutText(out, "-");
  // Types that columns of the catalog have but expressions cannot.
  switch (oid) {
    case 2275: return PutText(out, "cstring");
    case 2276: return PutText(out, "\"any\"");
    case 2277: return PutText(out, "anyarray");
    case 2283: return PutText(out, "anyelement");
    case 22: return PutText(out, "int2vector");
    case 30: return PutText(out, "oidvector");
    case 194: return PutText(out, "pg_node_tree");
    case 1560: return PutText(out, "bit");
    case 1562: return PutText(out, "bit varying");
    case 1266: return PutText(out, "time with time zone");
    case 2279: return PutText(out, "trigger");
    case 3838: return PutText(out, "event_trigger");
    default: break;
  }
  bool known = false;
  DataType type = TypeFromOid(static_cast<uint32_t>(oid), &known);
  if (!known) return PutText(out, "???");
  if (!a.IsNull(1)) type.typmod = a.I32(1);
  // Without a modifier char(n) is internally "bpchar", with none given it is plain character.
  if (type.id == TypeId::kBpchar && !a.IsNull(1) && a.I32(1) < 0) return PutText(out, type.is_array ? "bpchar[]" : "bpchar");
  return PutText(out, TypeName(type));
}

constexpr std::string_view kUnits[] = {"bytes", "kB", "MB", "GB", "TB", "PB"};

Status SizePretty(const RowArgs& a, Vector& out) {
  int64_t size = a.I64(0);
  // Each unit is used until its number reaches 10240; halves round away from zero.
  uint64_t magnitude = size < 0 ? ~static_cast<uint64_t>(size) + 1 : static_cast<uint64_t>(size);
  if (magnitude < 10 * 1024) return PutText(out, StrCat(size, " bytes"));
  magnitude >>= 9;  // keep one bit for rounding
  size_t unit = 1;
  while (unit + 1 < std::size(kUnits) && magnitude >= 20 * 1024 - 1) {
    magnitude >>= 10;
    ++unit;
  }
  return PutText(out, StrCat(size < 0 ? "-" : "", (magnitude + 1) / 2, " ", kUnits[unit]));
}
Status SizePrettyNumeric(const RowArgs& a, Vector& out) {
  ASSIGN_OR_RETURN(Numeric size, a.Num(0));
  const Numeric limit = Numeric::FromInt64(10 * 1024);
  if (size.Abs() < limit) return PutText(out, StrCat(size.ToString(), " bytes"));
  const Numeric step = Numeric::FromInt64(1024);
  ASSIGN_OR_RETURN(size, Numeric::DivideTruncated(size, Numeric::FromInt64(512)));
  size_t unit = 1;
  while (unit + 1 < std::size(kUnits) && !(size.Abs() < Numeric::FromInt64(20 * 1024 - 1))) {
    ASSIGN_OR_RETURN(size, Numeric::DivideTruncated(size, step));
    ++unit;
  }
  ASSIGN_OR_RETURN(size, Numeric::Add(size, Numeric::FromInt64(size.Sign() < 0 ? -1 : 1)));
  ASSIGN_OR_RETURN(size, Numeric::DivideTruncated(size, Numeric::FromInt64(2)));
  return PutText(out, StrCat(size.ToString(), " ", kUnits[unit]));
}

Status SizeBytes(const RowArgs& a, Vector& out) {
  const std::string text = LowerText(a.Text(0));
  const Status invalid = Error(sqlstate::kInvalidParameterValue, StrCat("invalid size: \"", a.Text(0), "\""));
  size_t end = text.find_last_of("0123456789.");
  if (end == std::string::npos) return invalid;
  StatusOr<Numeric> number = Numeric::Parse(text.substr(0, end + 1));
  if (!number.ok()) return invalid;
  size_t begin = end + 1;
  while (begin < text.size() && text[begin] == ' ') ++begin;
  std::string unit = text.substr(begin);
  while (!unit.empty() && unit.back() == ' ') unit.pop_back();
  int64_t factor = 1;
  if (!unit.empty() && unit != "bytes" && unit != "b") {
    int64_t step = 1;
    bool found = false;
    for (std::string_view candidate : {"kb", "mb", "gb", "tb", "pb"}) {
      step *= 1024;
      if (unit == candidate) {
        factor = step;
        found = true;
      }
    }
    if (!found) {
      return WithHint(WithDetail(invalid, StrCat("Invalid size unit: \"", unit, "\".")),
                      "Valid units are \"bytes\", \"kB\", \"MB\", \"GB\", \"TB\", and \"PB\".");
    }
  }
  ASSIGN_OR_RETURN(const Numeric bytes, Numeric::Multiply(*number, Numeric::FromInt64(factor)));
  return PutOr<int64_t>(out, bytes.ToInt64());
}

Status EncodingName(const RowArgs& a, Vector& out) {
  switch (a.I32(0)) {
    case 0: return PutText(out, "SQL_ASCII");
    case 6: return PutText(out, "UTF8");
    case 8: return PutText(out, "LATIN1");
    default: return PutText(out, "");
  }
}
Status EncodingNumber(const RowArgs& a, Vector& out) {
  const std::string name = LowerText(a.Text(0));
  return Put<int32_t>(out, name == "utf8" || name == "utf-8" ? 6 : name == "sql_ascii" ? 0 : -1);
}

Status CountNulls(const RowArgs& a, bool wanted, Vector& out) {
  int32_t count = 0;
  for (size_t i = 0; i < a.count(); ++i) count += a.IsNull(i) == wanted ? 1 : 0;
  return Put<int32_t>(out, count);
}
Status NumNulls(const RowArgs& a, Vector& out) { return CountNulls(a, true, out); }
Status NumNonNulls(const RowArgs& a, Vector& out) { return CountNulls(a, false, out); }

Status ColumnSize(const RowArgs& a, Vector& out) {
  const size_t width = a.type(0).Width();
  return Put<int32_t>(out, static_cast<int32_t>(width != 0 ? width : a.Text(0).size() + 1));
}

Status RandomUuid(const RowArgs& a, Vector& out) {
  if (a.context().random == nullptr) return Error(sqlstate::kFeatureNotSupported, "gen_random_uuid() cannot be evaluated here");
  Uuid uuid;
  for (size_t i = 0; i < 16; i += 8) {
    const uint64_t bits = a.context().random->Next();
    std::memcpy(uuid.bytes + i, &bits, 8);
  }
  uuid.bytes[6] = static_cast<uint8_t>((uuid.bytes[6] & 0x0f) | 0x40);
  uuid.bytes[8] = static_cast<uint8_t>((uuid.bytes[8] & 0x3f) | 0x80);
  return Put<Uuid>(out, uuid);
}

Status FirstText(const RowArgs& a, Vector& out) { return PutText(out, a.Text(0)); }
Status AlwaysFalse(const RowArgs&, Vector& out) { return PutBool(out, false); }
Status AlwaysUtf8(const RowArgs&, Vector& out) { return PutText(out, "UTF8"); }

struct Declared {
  std::string_view name, parameters, result;
};

constexpr Declared kSession[] = {
    {"version", "", "text"}, {"current_setting", "text", "text"}, {"current_setting", "text,bool", "text"},
    {"pg_backend_pid", "", "int4"}, {"current_database", "", "name"}, {"current_catalog", "", "name"}, {"current_schema", "", "name"},
    {"current_schemas", "bool", "_name"}, {"current_user", "", "name"}, {"session_user", "", "name"}, {"user", "", "name"},
    {"current_role", "", "name"}, {"getpgusername", "", "name"}, {"inet_client_addr", "", "inet"}, {"inet_client_port", "", "int4"},
    {"inet_server_addr", "", "inet"}, {"inet_server_port", "", "int4"}, {"pg_postmaster_start_time", "", "timestamptz"},
    {"pg_conf_load_time", "", "timestamptz"}, {"txid_current", "", "int8"}, {"txid_current_if_assigned", "", "int8"},
    {"pg_my_temp_schema", "", "oid"}, {"pg_is_other_temp_schema", "oid", "bool"},
};

constexpr Declared kCatalog[] = {
    {"pg_get_userbyid", "oid", "name"}, {"to_regclass", "text", "regclass"}, {"to_regtype", "text", "regtype"},
    {"to_regnamespace", "text", "regnamespace"}, {"to_regrole", "text", "regrole"}, {"to_regproc", "text", "regproc"},
    {"pg_table_is_visible", "oid", "bool"}, {"pg_type_is_visible", "oid", "bool"}, {"pg_function_is_visible", "oid", "bool"},
    {"pg_operator_is_visible", "oid", "bool"}, {"pg_collation_is_visible", "oid", "bool"}, {"pg_opclass_is_visible", "oid", "bool"},
    {"pg_opfamily_is_visible", "oid", "bool"}, {"pg_describe_object", "oid,oid,int4", "text"},
    {"pg_conversion_is_visible", "oid", "bool"}, {"pg_statistics_obj_is_visible", "oid", "bool"}, {"pg_ts_dict_is_visible", "oid", "bool"},
    {"pg_ts_config_is_visible", "oid", "bool"}, {"pg_ts_parser_is_visible", "oid", "bool"}, {"pg_ts_template_is_visible", "oid", "bool"},
    {"obj_description", "oid", "text"}, {"obj_description", "oid,name", "text"}, {"shobj_description", "oid,name", "text"},
    {"col_description", "oid,int4", "text"}, {"pg_get_indexdef", "oid", "text"}, {"pg_get_indexdef", "oid,int4,bool", "text"},
    {"pg_get_constraintdef", "oid", "text"}, {"pg_get_constraintdef", "oid,bool", "text"}, {"pg_get_viewdef", "oid", "text"},
    {"pg_get_viewdef", "oid,bool", "text"}, {"pg_get_viewdef", "text", "text"}, {"pg_get_triggerdef", "oid", "text"},
    {"pg_get_triggerdef", "oid,bool", "text"}, {"pg_get_ruledef", "oid", "text"}, {"pg_get_ruledef", "oid,bool", "text"},
    {"pg_get_functiondef", "oid", "text"}, {"pg_get_function_arguments", "oid", "text"},
    {"pg_get_function_identity_arguments", "oid", "text"}, {"pg_get_function_result", "oid", "text"},
    {"pg_get_function_sqlbody", "oid", "text"}, {"pg_get_partkeydef", "oid", "text"}, {"pg_get_statisticsobjdef_columns", "oid", "text"},
    {"pg_get_statisticsobjdef", "oid", "text"}, {"pg_get_serial_sequence", "text,text", "text"},
    {"pg_relation_is_publishable", "regclass", "bool"}, {"pg_relation_filenode", "regclass", "oid"},
    {"pg_tablespace_location", "oid", "text"}, {"row_security_active", "oid", "bool"}, {"pg_has_role", "name,text", "bool"},
    {"pg_has_role", "oid,text", "bool"}, {"pg_has_role", "name,name,text", "bool"}, {"pg_has_role", "name,oid,text", "bool"},
    {"pg_has_role", "oid,oid,text", "bool"},
};

constexpr Declared kSizes[] = {
    {"pg_relation_size", "regclass", "int8"}, {"pg_relation_size", "regclass,text", "int8"}, {"pg_table_size", "regclass", "int8"},
    {"pg_indexes_size", "regclass", "int8"}, {"pg_total_relation_size", "regclass", "int8"}, {"pg_database_size", "name", "int8"},
    {"pg_database_size", "oid", "int8"}, {"pg_tablespace_size", "name", "int8"}, {"pg_tablespace_size", "oid", "int8"},
    {"pg_stat_get_numscans", "oid", "int8"}, {"pg_stat_get_live_tuples", "oid", "int8"}, {"pg_stat_get_dead_tuples", "oid", "int8"},
};

constexpr Declared kVolatile[] = {
    {"set_config", "text,text,bool", "text"}, {"pg_notify", "text,text", "void"}, {"pg_notification_queue_usage", "", "float8"},
    {"pg_cancel_backend", "int4", "bool"}, {"pg_terminate_backend", "int4", "bool"},
    {"pg_terminate_backend", "int4,int8", "bool"},
    {"pg_reload_conf", "", "bool"}, {"pg_advisory_lock", "int8", "void"}, {"pg_advisory_unlock", "int8", "bool"},
    {"pg_try_advisory_lock", "int8", "bool"}, {"pg_advisory_unlock_all", "", "void"}, {"pg_advisory_xact_lock", "int8", "void"},
};

// Of sequences; strict.
constexpr Declared kSequences[] = {
    {"nextval", "regclass", "int8"}, {"currval", "regclass", "int8"}, {"lastval", "", "int8"},
    {"setval", "regclass,int8", "int8"}, {"setval", "regclass,int8,bool", "int8"},
};

// A dimension: a record of the text that TimescaleDB prints, kind//column//interval or number//function. create_hypertable reads it back
// from both ends, so a column name may hold anything.
Status DimensionInfo(std::string_view kind, const RowArgs& a, Vector& out) {
  if (a.IsNull(0)) return Error(sqlstate::kInvalidParameterValue, "column_name cannot be NULL");
  std::string text = StrCat(kind, "//", a.Text(0), "//");
  if (a.IsNull(1)) {
    text += "-";
  } else {
    FormatText(a.column(1), a.row, TextContextOf(a.context()), text);
  }
  text += "//";
  if (a.IsNull(2)) {
    text += "-";
  } else {
    FormatText(a.column(2), a.row, TextContextOf(a.context()), text);
  }
  auto field = std::make_shared<Vector>(DataType(TypeId::kText));
  field->AppendBytes(text);
  const VectorPtr fields[] = {std::move(field)};
  std::string record;
  AppendRecord(fields, 0, record);
  return PutText(out, record);
}
Status RangeDimension(const RowArgs& a, Vector& out) { return DimensionInfo("range", a, out); }
Status HashDimension(const RowArgs& a, Vector& out) {
  if (a.IsNull(1)) return Error(sqlstate::kInvalidParameterValue, "number_partitions cannot be NULL");
  return DimensionInfo("hash", a, out);
}

void RegisterPrivileges(RegistryBuilder& builder) {
  for (std::string_view kind : {"table", "any_column", "schema", "database", "function", "sequence", "tablespace", "type", "server",
                                "language", "foreign_data_wrapper"}) {
    const std::string name = StrCat("has_", kind, "_privilege");
    for (std::string_view parameters : {"text,text", "oid,text", "name,text,text", "name,oid,text", "oid,text,text", "oid,oid,text"}) {
      builder.Context(name, parameters, "bool");
    }
  }
  for (std::string_view parameters : {"text,text,text", "text,int2,text", "oid,text,text", "oid,int2,text"}) {
    builder.Context("has_column_privilege", parameters, "bool");
  }
}

}  // namespace

void RegisterSystem(RegistryBuilder& builder) {
  for (const Declared& d : kSession) NotStrict(builder.Context(d.name, d.parameters, d.result));
  for (const Declared& d : kCatalog) builder.Context(d.name, d.parameters, d.result);
  for (const Declared& d : kSizes) builder.Context(d.name, d.parameters, d.result);
  for (const Declared& d : kVolatile) VolatileCall(NotStrict(builder.Context(d.name, d.parameters, d.result)));
  for (const Declared& d : kSequences) VolatileCall(builder.Context(d.name, d.parameters, d.result));
  RegisterPrivileges(builder);
  Stable(NotStrict(builder.Row("pg_typeof", "any", "regtype", TypeOf)));
  Stable(NotStrict(builder.Row("format_type", "oid,int4", "text", FormatType)));
  builder.Row("pg_size_pretty", "int8", "text", SizePretty);
  builder.Row("pg_size_pretty", "numeric", "text", SizePrettyNumeric);
  builder.Row("pg_size_bytes", "text", "int8", SizeBytes);
  builder.Row("pg_encoding_to_char", "int4", "name", EncodingName);
  builder.Row("pg_char_to_encoding", "name", "int4", EncodingNumber);
  builder.Row("pg_client_encoding", "", "name", AlwaysUtf8);
  builder.Row("getdatabaseencoding", "", "name", AlwaysUtf8);
  DeclareVariadic<NumNulls>(builder, "num_nulls", "", "int4");
  DeclareVariadic<NumNonNulls>(builder, "num_nonnulls", "", "int4");
  builder.Row("pg_column_size", "any", "int4", ColumnSize);
  VolatileCall(builder.Row("gen_random_uuid", "", "uuid", RandomUuid));
  // The catalog keeps expressions as SQL text, so there is nothing to decompile.
  builder.Row("pg_get_expr", "text,oid", "text", FirstText);
  builder.Row("pg_get_expr", "text,oid,bool", "text", FirstText);
  builder.Row("pg_is_in_recovery", "", "bool", AlwaysFalse);
}

void RegisterTimescale(RegistryBuilder& builder) {
  NotStrict(builder.Row("by_range", "column_name name,partition_interval any=null,partition_func regproc=null", "record", RangeDimension)).schema = "public";
  NotStrict(builder.Row("by_hash", "column_name name,number_partitions int4,partition_func regproc=null", "record", HashDimension)).schema = "public";
}

}  // namespace tsd::sql
