// tsbench load: a CSV file into a table by COPY, with a progress bar.
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "engine/base/strings.h"
#include "tools/client/connection.h"
#include "tools/client/progress_bar.h"
#include "tools/tsbench/arguments.h"

namespace tsd::tsbench {
namespace {

constexpr size_t kBlockBytes = 1 << 18;

/// A first line whose first field does not begin with a digit names columns.
bool LooksLikeHeader(FILE* file) {
  const int first = std::fgetc(file);
  std::ungetc(first, file);
  return (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || first == '"' || first == '_';
}

}  // namespace

Status Load(const Arguments& arguments) {
  const std::string path = Text(arguments, "file", ""), table = Text(arguments, "table", ""), header = Text(arguments, "header", "auto");
  if (path.empty() || table.empty()) return Error(sqlstate::kInvalidParameterValue, "load needs --file and --table");
  FILE* file = path == "-" ? stdin : std::fopen(path.c_str(), "re");
  if (file == nullptr) return Error(sqlstate::kUndefinedFile, StrCat(path, ": ", std::strerror(errno)));
  struct stat info {};
  const bool sized = ::fstat(::fileno(file), &info) == 0 && S_ISREG(info.st_mode);
  const bool skip_first = header == "yes" || (header == "auto" && LooksLikeHeader(file));
  ASSIGN_OR_RETURN(const auto connection, client::Connection::Open(ConnectOptionsOf(arguments)));
  client::ProgressBar bar(sized ? static_cast<uint64_t>(info.st_size) : 0);
  uint64_t bytes = 0, lines = 0;
  const StatusOr<uint64_t> rows =
      connection->CopyIn(StrCat("COPY ", table, " FROM STDIN WITH (FORMAT csv", skip_first ? ", HEADER true)" : ")"), [&]() -> StatusOr<std::string> {
        std::string block(kBlockBytes, '\0');
        block.resize(std::fread(block.data(), 1, block.size(), file));
        bytes += block.size();
        lines += static_cast<uint64_t>(std::count(block.begin(), block.end(), '\n'));
        bar.Update(bytes, lines);
        return block;
      });
  const double seconds = bar.ElapsedSeconds();
  bar.Finish(bytes, rows.ok() ? *rows : lines);
  if (file != stdin) std::fclose(file);
  if (!rows.ok()) return rows.status();
  std::printf("%llu rows in %.2f s, %.0f rows/s, %.1f MB/s\n", static_cast<unsigned long long>(*rows), seconds, static_cast<double>(*rows) / seconds,
              static_cast<double>(bytes) / 1e6 / seconds);
  return OkStatus();
}

}  // namespace tsd::tsbench
