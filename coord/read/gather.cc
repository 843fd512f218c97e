#include "coord/read/gather.h"

#include "engine/types/compare.h"

namespace tsd::coord {

using sql::Pull;

GatherOperator::GatherOperator(std::vector<std::shared_ptr<FragmentSource>> sources, std::vector<MergeKey> merge, std::vector<DataType> types)
    : merge_(std::move(merge)), types_(std::move(types)) {
  for (std::shared_ptr<FragmentSource>& source : sources) inputs_.push_back({std::move(source), {}, 0, false});
}

GatherOperator::~GatherOperator() {
  for (Input& input : inputs_) input.source->Abandon();
}

StatusOr<Pull> GatherOperator::Next(ColumnBatch* out) { return merge_.empty() || inputs_.size() == 1 ? NextAny(out) : NextMerged(out); }

StatusOr<Pull> GatherOperator::NextAny(ColumnBatch* out) {
  size_t ended = 0;
  for (size_t i = 0; i < inputs_.size(); ++i) {
    Input& input = inputs_[(next_ + i) % inputs_.size()];
    if (input.ended) {
      ++ended;
      continue;
    }
    ASSIGN_OR_RETURN(const FragmentSource::Kind kind, input.source->Take(out));
    if (kind == FragmentSource::Kind::kRows) {
      next_ = (next_ + i + 1) % inputs_.size();
      return Pull::kRows;
    }
    if (kind == FragmentSource::Kind::kEnd) {
      input.ended = true;
      ++ended;
    }
  }
  return ended == inputs_.size() ? Pull::kDone : Pull::kBlocked;
}

StatusOr<Pull> GatherOperator::FillInputs() {
  bool wait = false;
  for (Input& input : inputs_) {
    if (input.ended || input.row < input.batch.rows()) continue;
    ASSIGN_OR_RETURN(const FragmentSource::Kind kind, input.source->Take(&input.batch));
    input.row = 0;
    if (kind == FragmentSource::Kind::kWait) {
      input.batch = ColumnBatch();
      wait = true;
    }
    if (kind == FragmentSource::Kind::kEnd) {
      input.batch = ColumnBatch();
      input.ended = true;
    }
  }
  return wait ? Pull::kBlocked : Pull::kRows;
}

bool GatherOperator::Before(const Input& left, const Input& right) const {
  for (const MergeKey& key : merge_) {
    const Vector& a = left.batch.column(key.column);
    const Vector& b = right.batch.column(key.column);
    const bool a_null = a.IsNull(left.row);
    const bool b_null = b.IsNull(right.row);
    if (a_null || b_null) {
      if (a_null == b_null) continue;
      return a_null == key.nulls_first;
    }
    const int order = CompareRows(a, left.row, b, right.row);
    if (order != 0) return (order < 0) != key.descending;
  }
  return false;
}

StatusOr<Pull> GatherOperator::NextMerged(ColumnBatch* out) {
  BatchBuilder builder(types_);
  while (builder.rows() < kDefaultBatchRows) {
    ASSIGN_OR_RETURN(const Pull filled, FillInputs());
    if (filled == Pull::kBlocked) break;
    Input* best = nullptr;
    for (Input& input : inputs_) {
      if (!input.ended && (best == nullptr || Before(input, *best))) best = &input;
    }
    if (best == nullptr) break;
    builder.AppendRow(best->batch, best->row++);
  }
  if (builder.rows() > 0) {
    *out = builder.Finish();
    return Pull::kRows;
  }
  for (const Input& input : inputs_) {
    if (!input.ended) return Pull::kBlocked;
  }
  return Pull::kDone;
}

}  // namespace tsd::coord
