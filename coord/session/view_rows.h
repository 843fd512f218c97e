#pragma once
// ViewRows: fills a system view row by row, by column name; a column that is not set gets its type's neutral value (false, 0, '') or
// NULL where there is none. Used by one thread.
#include <map>
#include <string>
#include <vector>

#include "engine/types/column_batch.h"
#include "sql/catalog/catalog.h"

namespace tsd::coord {

class ViewRows {
 public:
  explicit ViewRows(const sql::Relation& relation);
  /// Begins the next row.
  ViewRows& Row();
  ViewRows& Text(const std::string& column, std::string value);   // text, name, varchar, "char"
  ViewRows& Number(const std::string& column, int64_t value);     // ints, oids, timestamps, dates
  ViewRows& Flag(const std::string& column, bool value);          // bool
  ViewRows& YesNo(const std::string& column, bool value);         // information_schema's YES / NO
  ViewRows& Names(const std::string& column, const std::vector<std::string>& values);  // text[] and name[]
  ViewRows& Any(const std::string& column, Value value);
  ViewRows& Null(const std::string& column);
  ColumnBatch Finish();

 private:
  void EndRow();
  const sql::Relation& relation_;
  BatchBuilder builder_;
  std::map<std::string, size_t> index_;
  std::vector<Value> row_;
  bool open_ = false;
};

}  // namespace tsd::coord
