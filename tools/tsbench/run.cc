// tsbench run: makes the tables of a use case, generates its rows into a temporary folder, loads and queries them.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "engine/base/strings.h"
#include "tools/client/connection.h"
#include "tools/tsbench/commands.h"

namespace tsd::tsbench {
namespace {

/// A folder of its own that goes with it.
class TemporaryFolder {
 public:
  static StatusOr<TemporaryFolder> Create() {
    std::error_code error;
    const std::filesystem::path base = std::filesystem::temp_directory_path(error);
    std::string path = (base / "tsbench-XXXXXX").string();
    if (error || ::mkdtemp(path.data()) == nullptr) return Error(sqlstate::kIoError, StrCat("no temporary folder ", path));
    return TemporaryFolder(std::move(path));
  }
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, std::string())) {}
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  ~TemporaryFolder() {
    std::error_code error;
    if (!path_.empty()) std::filesystem::remove_all(path_, error);
  }
  const std::string& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

Status CreateTables(const Arguments& arguments, const UseCase& use_case) {
  ASSIGN_OR_RETURN(const auto connection, client::Connection::Open(ConnectOptionsOf(arguments)));
  ASSIGN_OR_RETURN(const auto nodes, connection->Query("SELECT count(*) FROM timescaledb_information.data_nodes"));
  const bool distributed = !nodes.empty() && !nodes[0].rows.empty() && nodes[0].rows[0][0] != "0";
  for (const BenchTable& table : use_case.tables) {
    RETURN_IF_ERROR(connection->Query(StrCat("CREATE TABLE ", table.name, "(", table.columns, ")")).status());
    if (!table.hypertable) continue;
    const std::string by = StrCat("('", table.name, "', 'time', '", use_case.series_column, "'");
    RETURN_IF_ERROR(connection->Query(distributed ? StrCat("SELECT create_distributed_hypertable", by, ")") : StrCat("SELECT create_hypertable", by, ", 1)")).status());
  }
  return OkStatus();
}

}  // namespace

Status RunAll(const Arguments& given) {
  Arguments arguments = given;
  arguments["header"] = "no";  // not guessed: the vehicles' file begins with a letter
  ASSIGN_OR_RETURN(const UseCase use_case, FindUseCase(Text(arguments, "use-case", "cpu")));
  RETURN_IF_ERROR(DataOptionsOf(arguments).status());
  ASSIGN_OR_RETURN(const TemporaryFolder folder, TemporaryFolder::Create());
  RETURN_IF_ERROR(CreateTables(arguments, use_case));
  const std::string out = use_case.tables.size() == 1 ? folder.path() + "/rows.csv" : folder.path();
  RETURN_IF_ERROR(GenerateFiles(arguments, use_case, out));
  for (const BenchTable& table : use_case.tables) {
    std::printf("%s: ", table.name.c_str());
    RETURN_IF_ERROR(LoadFile(arguments, PathOfTable(use_case, table, out), table.name));
  }
  return RunQueries(arguments);
}

}  // namespace tsd::tsbench
