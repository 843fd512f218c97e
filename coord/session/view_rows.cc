#include "coord/session/view_rows.h"

#include "engine/types/array.h"

namespace tsd::coord {
namespace {

std::vector<DataType> TypesOf(const sql::Relation& relation) {
  std::vector<DataType> types;
  for (const sql::Column& column : relation.columns) types.push_back(column.type);
  return types;
}

Value Neutral(DataType type) {
  if (type.is_array) return Value::Null(type);
  switch (type.id) {
    case TypeId::kBool:
    case TypeId::kInt16:
    case TypeId::kInt32:
    case TypeId::kInt64:
    case TypeId::kOid:
    case TypeId::kRegproc: return Value::Integer(type, 0);
    case TypeId::kFloat32:
    case TypeId::kFloat64: return Value::Double(type, 0);
    case TypeId::kName:
    case TypeId::kChar: return Value::Bytes(type, "");
    default: return Value::Null(type);
  }
}

}  // namespace

ViewRows::ViewRows(const sql::Relation& relation) : relation_(relation), builder_(TypesOf(relation)) {
  for (size_t i = 0; i < relation.columns.size(); ++i) index_[relation.columns[i].name] = i;
}

ViewRows& ViewRows::Row() {
  EndRow();
  row_.clear();
  for (const sql::Column& column : relation_.columns) row_.push_back(Neutral(column.type));
  open_ = true;
  return *this;
}

void ViewRows::EndRow() {
  if (!open_) return;
  for (size_t i = 0; i < row_.size(); ++i) row_[i].AppendTo(builder_.column(i));
  builder_.FinishRow();
  open_ = false;
}

ViewRows& ViewRows::Any(const std::string& column, Value value) {
  auto found = index_.find(column);
  TSD_CHECK_MSG(found != index_.end(), column);
  row_[found->second] = std::move(value);
  return *this;
}

ViewRows& ViewRows::Text(const std::string& column, std::string value) {
  auto found = index_.find(column);
  TSD_CHECK_MSG(found != index_.end(), column);
  const DataType type = relation_.columns[found->second].type;
  TSD_CHECK_MSG(type.Physical() == PhysicalType::kBytes, column);
  row_[found->second] = Value::Bytes(type, std::move(value));
  return *this;
}

ViewRows& ViewRows::Number(const std::string& column, int64_t value) {
  auto found = index_.find(column);
  TSD_CHECK_MSG(found != index_.end(), column);
  const DataType type = relation_.columns[found->second].type;
  TSD_CHECK_MSG(type.Physical() == PhysicalType::kInt16 || type.Physical() == PhysicalType::kInt32 || type.Physical() == PhysicalType::kInt64, column);
  row_[found->second] = Value::Integer(type, value);
  return *this;
}

ViewRows& ViewRows::Flag(const std::string& column, bool value) { return Any(column, Value::Bool(value)); }
ViewRows& ViewRows::YesNo(const std::string& column, bool value) { return Text(column, value ? "YES" : "NO"); }

ViewRows& ViewRows::Names(const std::string& column, const std::vector<std::string>& values) {
  auto found = index_.find(column);
  TSD_CHECK_MSG(found != index_.end(), column);
  const DataType type = relation_.columns[found->second].type;
  auto elements = std::make_shared<Vector>(type.Element());
  for (const std::string& value : values) elements->AppendBytes(value);
  row_[found->second] = Value::Bytes(type, ArrayValue::FromVector(std::move(elements)).Encode());
  return *this;
}

ViewRows& ViewRows::Null(const std::string& column) {
  auto found = index_.find(column);
  TSD_CHECK_MSG(found != index_.end(), column);
  row_[found->second] = Value::Null(relation_.columns[found->second].type);
  return *this;
}

ColumnBatch ViewRows::Finish() {
  EndRow();
  return builder_.Finish();
}

}  // namespace tsd::coord
