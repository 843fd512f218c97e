#pragma once
// The commands of tsbench, and the parts of them that `run` puts together. One thread calls them; load starts its own.
#include <string>

#include "engine/base/status.h"
#include "tools/tsbench/arguments.h"
#include "tools/tsbench/workload.h"

namespace tsd::tsbench {

Status Generate(const Arguments& arguments);
Status Load(const Arguments& arguments);
Status RunQueries(const Arguments& arguments);
/// generate, load and query in one.
Status RunAll(const Arguments& arguments);

StatusOr<DataOptions> DataOptionsOf(const Arguments& arguments);
/// A use case of one table has it in the file `out`; others have a file a table in the folder `out`.
std::string PathOfTable(const UseCase& use_case, const BenchTable& table, const std::string& out);
Status GenerateFiles(const Arguments& arguments, const UseCase& use_case, const std::string& out);
Status LoadFile(const Arguments& arguments, const std::string& path, const std::string& table);

}  // namespace tsd::tsbench
