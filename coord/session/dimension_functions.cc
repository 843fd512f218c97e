// create_hypertable(table, by_range(..)), add_dimension in both forms, set_number_partitions.
#include <algorithm>

#include "coord/session/coord_functions.h"
#include "coord/session/index_definition.h"
#include "engine/base/strings.h"
#include "engine/types/record_form.h"
#include "engine/types/text_form.h"

namespace tsd::coord {
namespace {

constexpr size_t kOldFormParameters = 6;  // add_dimension(hypertable, column_name, number_partitions, chunk_time_interval, partitioning_func, if_not_exists)

}  // namespace

// What by_range() and by_hash() give: kind//column//interval or number//function. Read from both ends, so the column may hold anything.
StatusOr<CoordFunctions::NewDimension> CoordFunctions::ReadDimension(const CallArguments& arguments, size_t index) {
  if (arguments.IsNull(index)) return Error(sqlstate::kInvalidParameterValue, "dimension cannot be NULL");
  Vector field(TypeId::kText);
  RETURN_IF_ERROR(AppendRecordField(arguments.Get(index).AsBytes(), 0, field));
  const std::string text(field.IsNull(0) ? std::string_view() : field.GetBytes(0));
  const size_t kind_end = text.find("//");
  const size_t function_at = text.rfind("//");
  const size_t number_at = function_at == std::string::npos || function_at == 0 ? std::string::npos : text.rfind("//", function_at - 1);
  const Status invalid = WithHint(Error(sqlstate::kInvalidParameterValue, "invalid dimension info"), "Use by_range() or by_hash().");
  if (number_at == std::string::npos || kind_end == std::string::npos || number_at <= kind_end) return invalid;
  NewDimension dimension;
  const std::string kind = text.substr(0, kind_end);
  if (kind != "range" && kind != "hash") return invalid;
  dimension.by_hash = kind == "hash";
  dimension.column = text.substr(kind_end + 2, number_at - kind_end - 2);
  if (text.substr(function_at + 2) != "-") return Error(sqlstate::kFeatureNotSupported, "partitioning functions are not supported");
  const std::string number = text.substr(number_at + 2, function_at - number_at - 2);
  if (number == "-") return dimension;
  const StatusOr<int64_t> integer = ParseInteger(TypeId::kInt64, number);
  if (dimension.by_hash) {
    RETURN_IF_ERROR(integer.status());
    dimension.partitions = *integer;
  } else {
    dimension.interval = integer.ok() ? Value::Int64(*integer) : Value::Text(number);
  }
  return dimension;
}

Task<Status> CoordFunctions::CreateHypertableByDimension(CallArguments arguments, ResultRows* rows) {
  HypertableRequest request;
  if (arguments.IsNull(0)) co_return Error(sqlstate::kInvalidParameterValue, "relation cannot be NULL");
  request.relation = session_->catalog()->Find(TableId(static_cast<uint32_t>(arguments.Integer(0, 0))));
  if (!request.relation) co_return Error(sqlstate::kUndefinedTable, "relation does not exist");
  CO_ASSIGN_OR_RETURN(const NewDimension dimension, ReadDimension(arguments, 1));
  if (dimension.by_hash) {
    co_return WithHint(Error(sqlstate::kFeatureNotSupported, "cannot partition using a closed dimension on primary column"),
                       "Use range partitioning on the primary column.");
  }
  request.time_column = dimension.column;
  request.interval = dimension.interval;
  request.if_not_exists = arguments.Bool(3, false);
  request.migrate_data = arguments.Bool(4, false);
  request.id_and_created_only = true;
  request.distributed = session_->settings().GetOr("timescaledb.hypertable_distributed_default", "auto") == "distributed";
  if (request.distributed) CO_RETURN_IF_ERROR(RequireAccessNode());
  co_return co_await MakeHypertable(std::move(request), rows);
}

Task<Status> CoordFunctions::AddDimension(CallArguments arguments, ResultRows* rows) {
  NewDimension wanted;
  if (arguments.size() != kOldFormParameters) {
    CO_ASSIGN_OR_RETURN(wanted, ReadDimension(arguments, 1));
    wanted.if_not_exists = arguments.Bool(2, false);
    co_return co_await AddDimensionTo(std::move(arguments), std::move(wanted), rows);
  }
  if (arguments.IsNull(1)) co_return Error(sqlstate::kInvalidParameterValue, "column_name cannot be NULL");
  wanted.column = arguments.Text(1);
  if (!arguments.IsNull(4)) co_return Error(sqlstate::kFeatureNotSupported, "partitioning functions are not supported");
  wanted.if_not_exists = arguments.Bool(5, false);
  if (!arguments.IsNull(2) && !arguments.IsNull(3)) {
    co_return Error(sqlstate::kInvalidParameterValue, "cannot specify both the number of partitions and an interval");
  }
  if (arguments.IsNull(2) && arguments.IsNull(3)) {
    co_return Error(sqlstate::kInvalidParameterValue, "cannot omit both the number of partitions and the interval");
  }
  wanted.by_hash = !arguments.IsNull(2);
  if (wanted.by_hash) wanted.partitions = arguments.Integer(2, 0);
  else wanted.interval = arguments.Get(3);
  co_return co_await AddDimensionTo(std::move(arguments), std::move(wanted), rows);
}

Task<Status> CoordFunctions::AddDimensionTo(CallArguments arguments, NewDimension wanted, ResultRows* rows) {
  const bool with_names = arguments.size() == kOldFormParameters;
  CO_ASSIGN_OR_RETURN(sql::RelationPtr relation, HypertableArgument(arguments, 0));
  CO_RETURN_IF_ERROR(co_await session_->AcquireLock(relation->id, LockMode::kAccessExclusive, relation->name, Session::LockWait::kWait));
  CO_RETURN_IF_ERROR(co_await session_->BeginDdl());
  CO_ASSIGN_OR_RETURN(relation, HypertableArgument(arguments, 0));
  if (relation->owner != session_->identity().user && !session_->IsSuperuser()) {
    co_return Error(sqlstate::kInsufficientPrivilege, StrCat("must be owner of hypertable \"", relation->name, "\""));
  }
  const auto add_row = [&](int32_t id, bool created) {
    if (with_names) {
      rows->Add({Value::Int32(id), Value::Bytes(TypeId::kName, relation->schema), Value::Bytes(TypeId::kName, relation->name),
                 Value::Bytes(TypeId::kName, wanted.column), Value::Bool(created)});
    } else {
      rows->Add({Value::Int32(id), Value::Bool(created)});
    }
  };
  const sql::Column* column = relation->Find(wanted.column);
  if (column == nullptr) co_return Error(sqlstate::kUndefinedColumn, StrCat("column \"", wanted.column, "\" does not exist"));
  for (const sql::Dimension& dimension : relation->hypertable->dimensions) {
    if (dimension.column != column->id) continue;
    const std::string text = StrCat("column \"", column->name, "\" is already a dimension");
    if (!wanted.if_not_exists) co_return Error(sqlstate::kDuplicateDimension, text);
    session_->Notice("NOTICE", sqlstate::kDuplicateDimension, StrCat(text, ", skipping"));
    add_row(dimension.id, false);
    co_return OkStatus();
  }
  if (!wanted.by_hash) co_return Error(sqlstate::kFeatureNotSupported, "a second range dimension is not supported");
  if (relation->hypertable->space() != nullptr) co_return Error(sqlstate::kFeatureNotSupported, "a second hash dimension is not supported");
  CO_RETURN_IF_ERROR(CheckPartitions(wanted.partitions.value_or(0), column->name));
  if (!relation->hypertable->chunks->empty()) {
    co_return WithHint(WithDetail(Error(sqlstate::kFeatureNotSupported, StrCat("hypertable \"", relation->name, "\" has tuples or empty chunks")),
                                  "It is not possible to add dimensions to a non-empty hypertable."),
                       "Truncate the hypertable first.");
  }
  if (*wanted.partitions < static_cast<int64_t>(relation->hypertable->data_nodes.size())) {
    session_->Notice("WARNING", sqlstate::kWarning, StrCat("insufficient number of partitions for dimension \"", column->name, "\""),
                     "There are not enough partitions to make use of all data nodes.");
  }
  sql::Relation changed = *relation;
  sql::Dimension dimension;
  dimension.id = session_->services_.log->AllocateDimension();
  dimension.kind = sql::DimensionKind::kSpace;
  dimension.column = column->id;
  dimension.number_partitions = static_cast<int16_t>(*wanted.partitions);
  changed.hypertable->dimensions.push_back(dimension);
  CO_RETURN_IF_ERROR(CheckPartitioningKeys(changed));
  CatalogChange change;
  change.PutRelation(changed);
  session_->ApplyDdl(change);
  add_row(dimension.id, true);
  co_return OkStatus();
}

Task<Status> CoordFunctions::SetNumberPartitions(CallArguments arguments, ResultRows* rows) {
  CO_RETURN_IF_ERROR(co_await session_->BeginDdl());
  CO_ASSIGN_OR_RETURN(const sql::RelationPtr relation, HypertableArgument(arguments, 0));
  if (relation->owner != session_->identity().user && !session_->IsSuperuser()) {
    co_return Error(sqlstate::kInsufficientPrivilege, StrCat("must be owner of hypertable \"", relation->name, "\""));
  }
  if (arguments.IsNull(1)) co_return Error(sqlstate::kInvalidParameterValue, "invalid number of partitions");
  const sql::Dimension* space = relation->hypertable->space();
  const std::string name = space != nullptr ? relation->Find(space->column)->name : "";
  if (space == nullptr || (!arguments.IsNull(2) && arguments.Text(2) != name)) {
    co_return Error(sqlstate::kUndefinedObject, StrCat("hypertable \"", relation->name, "\" does not have a space dimension",
                                                       arguments.IsNull(2) ? "" : StrCat(" \"", arguments.Text(2), "\"")));
  }
  const int64_t partitions = arguments.Integer(1, 0);
  CO_RETURN_IF_ERROR(CheckPartitions(partitions, name));
  if (partitions < static_cast<int64_t>(relation->hypertable->data_nodes.size())) {
    session_->Notice("WARNING", sqlstate::kWarning, StrCat("insufficient number of partitions for dimension \"", name, "\""),
                     "There are not enough partitions to make use of all data nodes.");
  }
  sql::Relation changed = *relation;
  changed.hypertable->dimensions[1].number_partitions = static_cast<int16_t>(partitions);
  CatalogChange change;
  change.PutRelation(changed);
  session_->ApplyDdl(change);
  rows->Add({Value::Bytes(TypeId::kVoid, "")});
  co_return OkStatus();
}

}  // namespace tsd::coord
