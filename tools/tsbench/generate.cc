// tsbench generate: the rows of a use case as CSV, the same for the same seed.
#include "engine/base/strings.h"
#include "tools/tsbench/arguments.h"
#include "tools/tsbench/commands.h"
#include "tools/tsbench/workload.h"

namespace tsd::tsbench {

std::string PathOfTable(const UseCase& use_case, const BenchTable& table, const std::string& out) {
  return use_case.tables.size() == 1 ? out : StrCat(out, "/", table.name, ".csv");
}

StatusOr<DataOptions> DataOptionsOf(const Arguments& arguments) {
  DataOptions options;
  options.rows = Number(arguments, "rows", 0);
  options.series = Number(arguments, "series", Number(arguments, "hosts", options.series));
  options.seed = Number(arguments, "seed", options.seed);
  std::string error;
  if (!absl::ParseTime("%Y-%m-%d", Text(arguments, "start", "2016-01-01"), absl::UTCTimeZone(), &options.start, &error)) {
    return Error(sqlstate::kInvalidParameterValue, StrCat("--start: ", error));
  }
  if (options.rows == 0 || options.series == 0) return Error(sqlstate::kInvalidParameterValue, "--rows and --series must be at least 1");
  return options;
}

Status GenerateFiles(const Arguments& arguments, const UseCase& use_case, const std::string& out) {
  ASSIGN_OR_RETURN(const DataOptions options, DataOptionsOf(arguments));
  std::vector<CsvFile> files;
  for (const BenchTable& table : use_case.tables) {
    ASSIGN_OR_RETURN(CsvFile file, CsvFile::Create(PathOfTable(use_case, table, out)));
    files.push_back(std::move(file));
    if (Text(arguments, "header", "no") == "yes") {
      StrAppend(&files.back().row(), table.header);
      files.back().EndRow();
    }
  }
  use_case.write_rows(options, files);
  for (CsvFile& file : files) RETURN_IF_ERROR(file.Close());
  return OkStatus();
}

Status Generate(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const UseCase use_case, FindUseCase(Text(arguments, "use-case", "cpu")));
  const std::string out = Text(arguments, "out", "");
  if (out.empty()) return Error(sqlstate::kInvalidParameterValue, "generate needs --out");
  return GenerateFiles(arguments, use_case, out);
}

}  // namespace tsd::tsbench
