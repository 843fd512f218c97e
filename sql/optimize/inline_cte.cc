#include <map>
#include <set>

#include "sql/optimize/rules.h"

namespace tsd::sql {
namespace {

using ReadCounts = std::map<int, int>;  // CTE -> scans of it

ReadCounts CountReads(const PlanNode& plan) {
  ReadCounts reads;
  VisitPlan(plan, [&](const PlanNode& node) {
    if (const auto* scan = PlanTry<CteScanNode>(&node)) ++reads[scan->cte];
  });
  return reads;
}

/// Scans of `cte` in `plan` become its body, columns paired by position. The last of `left` scans gets the body itself, others a copy.
PlanPtr Replace(PlanPtr plan, int cte, const PlanPtr& body, int* left) {
  if (*left == 0) return plan;
  if (const auto* scan = PlanTry<CteScanNode>(plan.get()); scan != nullptr && scan->cte == cte) {
    --*left;
    auto project = std::make_shared<ProjectNode>();
    project->output = scan->output;
    for (size_t i = 0; i < scan->output.size(); ++i) project->expressions.push_back(MakeColumn(body->output[i].id, body->output[i].type));
    project->children.push_back(*left == 0 ? body : ClonePlan(*body));
    return project;
  }
  for (PlanPtr& child : plan->children) child = Replace(std::move(child), cte, body, left);
  return plan;
}

bool HasVolatile(const PlanNode& plan) {
  bool found = false;
  VisitPlan(plan, [&](const PlanNode& node) {
    VisitExpressions(node, [&](const ExprPtr& expr) { found = found || IsVolatile(*expr); });
    found = found || (PlanTry<FunctionScanNode>(&node) != nullptr && PlanTry<FunctionScanNode>(&node)->provider);
  });
  return found;
}

enum class CteFate : uint8_t { kKept, kDropped, kInlined };

/// Works out what becomes of each CTE, then moves bodies into their readers, first to last, so that none is walked twice. Every step is
/// proportional to the plans it touches: statements with thousands of CTEs exist.
class CteInliner {
 public:
  explicit CteInliner(WithNode& with) : with_(with) {
    for (size_t child = 0; child < with_.children.size(); ++child) {
      reads_.push_back(CountReads(*with_.children[child]));
      for (const auto& [cte, count] : reads_.back()) {
        total_[cte] += count;
        readers_[cte].insert(child);
      }
    }
  }

  void Run() {
    std::vector<CteFate> fates(with_.ids.size());
    // Last to first: an inlined CTE's reads count for those before it.
    for (size_t i = fates.size(); i-- > 0;) fates[i] = Decide(i);
    for (size_t i = 0; i < fates.size(); ++i) {
      if (fates[i] == CteFate::kInlined) Inline(i);
    }
    WithNode kept;
    kept.children.push_back(with_.children[0]);
    for (size_t i = 0; i < fates.size(); ++i) {
      if (fates[i] != CteFate::kKept) continue;
      kept.children.push_back(with_.children[i + 1]);
      kept.ids.push_back(with_.ids[i]);
      kept.names.push_back(with_.names[i]);
      kept.materialize.push_back(with_.materialize[i]);
    }
    with_.children = std::move(kept.children);
    with_.ids = std::move(kept.ids);
    with_.names = std::move(kept.names);
    with_.materialize = std::move(kept.materialize);
  }

 private:
  CteFate Decide(size_t i) {
    const int count = total_[with_.ids[i]];
    const ReadCounts& own = reads_[i + 1];
    if (count == 0) {
      for (const auto& [cte, reads] : own) total_[cte] -= reads;
      return CteFate::kDropped;
    }
    const CteMaterialization wish = with_.materialize[i];
    const bool once = count == 1 && wish == CteMaterialization::kAuto;
    const bool asked = wish == CteMaterialization::kNever;
    if (!(once || asked) || HasVolatile(*with_.children[i + 1])) return CteFate::kKept;
    for (const auto& [cte, reads] : own) total_[cte] += reads * (count - 1);
    return CteFate::kInlined;
  }

  void Inline(size_t i) {
    const int id = with_.ids[i];
    const PlanPtr body = with_.children[i + 1];
    int left = 0;
    for (size_t child : readers_[id]) left += child == i + 1 ? 0 : reads_[child][id];
    for (size_t child : readers_[id]) {
      if (child == i + 1) continue;
      const int times = reads_[child][id];
      with_.children[child] = Replace(std::move(with_.children[child]), id, body, &left);
      for (const auto& [cte, reads] : reads_[i + 1]) {
        reads_[child][cte] += reads * times;
        readers_[cte].insert(child);
      }
    }
  }

  WithNode& with_;
  std::vector<ReadCounts> reads_;             // by child
  std::map<int, int> total_;
  std::map<int, std::set<size_t>> readers_;   // children that read a CTE
};

}  // namespace

PlanPtr InlineCtesRule(PlanPtr plan) {
  if (auto* with = PlanTry<WithNode>(plan.get())) {
    CteInliner(*with).Run();
    if (with->ids.empty()) {
      PlanPtr body = with->children[0];
      return InlineCtesRule(std::move(body));
    }
  }
  for (PlanPtr& child : plan->children) child = InlineCtesRule(std::move(child));
  return plan;
}

}  // namespace tsd::sql
