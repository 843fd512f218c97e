#include "sql/parse/ast.h"

namespace tsd::sql::parse {

void QueryDeleter::operator()(Query* query) const { delete query; }  // tidy: a deleter, for Query is incomplete in its header

}  // namespace tsd::sql::parse
