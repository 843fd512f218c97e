#include "sql/parse/ast.h"

namespace tsd::sql::parse {

void QueryDeleter::operator()(Query* query) const { delete query; }

}  // namespace tsd::sql::parse
