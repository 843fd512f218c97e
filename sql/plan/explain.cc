#include "sql/plan/explain.h"

#include <absl/strings/str_join.h>

#include <cstdio>
#include <map>

#include "engine/base/strings.h"
#include "sql/plan/plan_rewrite.h"

namespace tsd::sql {
namespace {

void Number(const PlanNode& plan, std::vector<const PlanNode*>* nodes) {
  nodes->push_back(&plan);
  for (const PlanPtr& child : plan.children) Number(*child, nodes);
}

const char* JoinName(JoinType type) {
  switch (type) {
    case JoinType::kInner:
    case JoinType::kCross: return "";
    case JoinType::kLeft: return " Left Join";
    case JoinType::kRight: return " Right Join";
    case JoinType::kFull: return " Full Join";
    case JoinType::kSemi: return " Semi Join";
    case JoinType::kAnti:
    case JoinType::kAntiNotIn: return " Anti Join";
  }
  return "";
}

std::string Label(const PlanNode& plan) {
  switch (plan.kind) {
    case PlanKind::kScan: {
      const auto& scan = PlanAs<ScanNode>(plan);
      const std::string_view name = scan.schema != nullptr ? std::string_view(scan.schema->name) : "?";
      const size_t dot = name.find('.');
      return StrCat("Scan on ", dot == std::string_view::npos ? name : name.substr(dot + 1));
    }
    case PlanKind::kVirtualScan: return StrCat("Scan on ", PlanAs<VirtualScanNode>(plan).relation->name);
    case PlanKind::kFunctionScan: {
      const std::string& name = PlanAs<FunctionScanNode>(plan).function;
      return StrCat("Function Scan on ", name.substr(0, name.find('(')));
    }
    case PlanKind::kValues: return PlanAs<ValuesNode>(plan).output.empty() ? "Result" : "Values Scan";
    case PlanKind::kFilter: return "Filter";
    case PlanKind::kProject: return "Project";
    case PlanKind::kProjectSet: return "ProjectSet";
    case PlanKind::kAggregate: {
      const auto& node = PlanAs<AggregateNode>(plan);
      const char* phase = node.phase == AggregatePhase::kPartial ? "Partial " : node.phase == AggregatePhase::kFinal ? "Finalize " : "";
      const char* how = !node.grouping_sets.empty() ? "MixedAggregate" : node.groups.empty() ? "Aggregate" : "HashAggregate";
      return StrCat(phase, how);
    }
    case PlanKind::kDistinct: return "HashDistinct";
    case PlanKind::kDistinctOn: return "Unique";
    case PlanKind::kSort: return "Sort";
    case PlanKind::kTopN: return "Top-N Sort";
    case PlanKind::kLimit: return "Limit";
    case PlanKind::kJoin: {
      const auto& join = PlanAs<JoinNode>(plan);
      if (join.left_keys.empty()) return StrCat("Nested Loop", JoinName(join.join));
      const std::string name = JoinName(join.join);
      return name.empty() ? "Hash Join" : StrCat("Hash", name);
    }
    case PlanKind::kApply: return PlanAs<ApplyNode>(plan).apply == ApplyKind::kLeft ? "Apply Left" : "Apply";
    case PlanKind::kSetOperation: {
      const auto& node = PlanAs<SetOperationNode>(plan);
      const char* name = node.operation == SetOperationType::kUnion ? "Append"
                         : node.operation == SetOperationType::kIntersect ? "HashSetOp Intersect" : "HashSetOp Except";
      if (node.operation == SetOperationType::kUnion) return node.all ? "Append" : "HashDistinct Append";
      return StrCat(name, node.all ? " All" : "");
    }
    case PlanKind::kWindow: return "WindowAgg";
    case PlanKind::kWith: return "With";
    case PlanKind::kCteScan: return StrCat("CTE Scan on ", PlanAs<CteScanNode>(plan).name);
    case PlanKind::kRecursiveUnion: return "Recursive Union";
    case PlanKind::kGather: {
      const auto& gather = PlanAs<GatherNode>(plan);
      return StrCat(gather.merge.empty() ? "Gather" : "Gather Merge", " on ", gather.relation != nullptr ? gather.relation->name : "?");
    }
  }
  return "?";
}

using Detail = std::pair<std::string, std::string>;

class PlanPrinter {
 public:
  PlanPrinter(const PlanNode& plan, const ExplainOptions& options) : options_(options) {
    VisitPlan(plan, [&](const PlanNode& node) {
      for (const PlanColumn& column : node.output) names_.emplace(column.id, column.name);
    });
    const std::vector<const PlanNode*> nodes = NumberPlan(plan);
    for (size_t i = 0; i < nodes.size(); ++i) numbers_[nodes[i]] = i;
  }

  void Print(const PlanNode& plan, int depth, const PlanStats* stats, std::vector<std::string>* lines) const {
    const std::string indent = depth == 0 ? "" : std::string(static_cast<size_t>(depth) * 6 - 4, ' ') + "->  ";
    lines->push_back(StrCat(indent, Label(plan), Actual(plan, stats)));
    const std::string margin(static_cast<size_t>(depth) * 6 + 2, ' ');
    for (const Detail& detail : Details(plan, stats)) lines->push_back(StrCat(margin, detail.first, ": ", detail.second));
    if (plan.kind == PlanKind::kGather && PrintFragments(PlanAs<GatherNode>(plan), depth, lines)) return;
    for (size_t i = 0; i < plan.children.size(); ++i) {
      if (plan.kind == PlanKind::kWith && i > 0) lines->push_back(StrCat(margin, "CTE ", PlanAs<WithNode>(plan).names[i - 1]));
      Print(*plan.children[i], depth + 1, stats, lines);
    }
  }

  void Json(const PlanNode& plan, int depth, const PlanStats* stats, std::string* out) const {
    const std::string pad(static_cast<size_t>(depth) * 2, ' ');
    StrAppend(out, "{\n", pad, "  \"Node Type\": ", Quote(Label(plan)));
    const OperatorStats* own = StatsOf(plan, stats);
    if (own != nullptr) {
      if (options_.timing) StrAppend(out, ",\n", pad, "  \"Actual Total Time\": ", Millis(own->nanos));
      StrAppend(out, ",\n", pad, "  \"Actual Rows\": ", own->rows);
    }
    for (const Detail& detail : Details(plan, stats)) StrAppend(out, ",\n", pad, "  ", Quote(detail.first), ": ", Quote(detail.second));
    std::vector<FragmentNote> notes;
    if (plan.kind == PlanKind::kGather && options_.fragments) notes = options_.fragments(PlanAs<GatherNode>(plan));
    if (!notes.empty()) JsonNotes(plan, notes, depth, out);
    if (!plan.children.empty() && !(HasStats(notes))) {
      StrAppend(out, ",\n", pad, "  \"Plans\": [");
      for (size_t i = 0; i < plan.children.size(); ++i) {
        StrAppend(out, i > 0 ? ", " : "");
        Json(*plan.children[i], depth + 1, stats, out);
      }
      StrAppend(out, "]");
    }
    StrAppend(out, "\n", pad, "}");
  }

 private:
  std::string Name(int id) const {
    const auto found = names_.find(id);
    return found == names_.end() ? StrCat("#", id) : found->second;
  }
  std::string Text(const ExprPtr& expr) const {
    return PrintPlanExpr(*expr, [this](int id) { return Name(id); });
  }
  std::string Texts(const std::vector<ExprPtr>& exprs) const {
    std::string text;
    for (const ExprPtr& expr : exprs) text += (text.empty() ? "" : ", ") + Text(expr);
    return text;
  }
  std::string Keys(const std::vector<SortKey>& keys) const {
    std::string text;
    for (const SortKey& key : keys) {
      StrAppend(&text, text.empty() ? "" : ", ", Name(key.column), key.descending ? " DESC" : "");
      if (key.nulls_first != key.descending) StrAppend(&text, key.nulls_first ? " NULLS FIRST" : " NULLS LAST");
    }
    return text;
  }

  std::string CallText(const AggregateCall& call) const {
    const std::string name = call.function.substr(0, call.function.find('('));
    std::string text = StrCat(name, "(", call.distinct ? "DISTINCT " : "", call.arguments.empty() ? "*" : Texts(call.arguments), ")");
    if (call.filter != nullptr) StrAppend(&text, " FILTER (WHERE ", Text(call.filter), ")");
    return text;
  }

  std::vector<Detail> Details(const PlanNode& plan, const PlanStats* stats) const {
    std::vector<Detail> details;
    if (options_.verbose) {
      std::string output;
      for (const PlanColumn& column : plan.output) StrAppend(&output, output.empty() ? "" : ", ", column.name);
      details.emplace_back("Output", output);
    }
    switch (plan.kind) {
      case PlanKind::kScan: ScanDetails(PlanAs<ScanNode>(plan), &details); break;
      case PlanKind::kFilter: details.emplace_back("Condition", Text(PlanAs<FilterNode>(plan).condition)); break;
      case PlanKind::kProject:
        if (options_.verbose) details.emplace_back("Expressions", Texts(PlanAs<ProjectNode>(plan).expressions));
        break;
      case PlanKind::kAggregate: AggregateDetails(PlanAs<AggregateNode>(plan), &details); break;
      case PlanKind::kSort: details.emplace_back("Sort Key", Keys(PlanAs<SortNode>(plan).keys)); break;
      case PlanKind::kTopN: {
        const auto& top = PlanAs<TopNNode>(plan);
        details.emplace_back("Sort Key", Keys(top.keys));
        details.emplace_back("Limit", StrCat(top.limit, top.offset > 0 ? StrCat(" offset ", top.offset) : ""));
        break;
      }
      case PlanKind::kJoin: JoinDetails(PlanAs<JoinNode>(plan), &details); break;
      case PlanKind::kApply:
        if (PlanAs<ApplyNode>(plan).condition != nullptr) details.emplace_back("Condition", Text(PlanAs<ApplyNode>(plan).condition));
        break;
      case PlanKind::kGather: {
        const auto& gather = PlanAs<GatherNode>(plan);
        if (!gather.merge.empty()) details.emplace_back("Merge Key", Keys(gather.merge));
        break;
      }
      default: break;
    }
    const OperatorStats* own = StatsOf(plan, stats);
    if (own != nullptr) {
      for (const auto& [name, value] : own->counters) details.emplace_back(name, std::to_string(value));
    }
    return details;
  }

  void ScanDetails(const ScanNode& scan, std::vector<Detail>* details) const {
    if (scan.order != ChunkOrder::kAny) {
      details->emplace_back("Order", scan.order == ChunkOrder::kNewestFirst ? "newest chunk first" : "oldest chunk first");
    }
    if (scan.last_of_segment) details->emplace_back("Rows", "last of each segment");
    if (scan.filters.size() == 1) details->emplace_back("Filter", Text(scan.filters[0]));
    if (scan.filters.size() > 1) details->emplace_back("Filter", Text(MakeLogical(ExprKind::kAnd, scan.filters)));
  }

  void AggregateDetails(const AggregateNode& node, std::vector<Detail>* details) const {
    if (!node.groups.empty()) details->emplace_back("Group Key", Texts(node.groups));
    if (node.newest_group >= 0) details->emplace_back("Newest Groups", std::to_string(node.newest_limit));
    std::string calls;
    for (const AggregateCall& call : node.aggregates) calls += (calls.empty() ? "" : ", ") + CallText(call);
    if (options_.verbose && !calls.empty()) details->emplace_back("Aggregates", calls);
  }

  void JoinDetails(const JoinNode& join, std::vector<Detail>* details) const {
    std::string condition;
    for (size_t i = 0; i < join.left_keys.size(); ++i) {
      StrAppend(&condition, condition.empty() ? "" : " AND ", "(", Text(join.left_keys[i]), " = ", Text(join.right_keys[i]), ")");
    }
    if (!condition.empty()) details->emplace_back("Hash Cond", condition);
    if (join.residual != nullptr) details->emplace_back("Join Filter", Text(join.residual));
  }

  const OperatorStats* StatsOf(const PlanNode& plan, const PlanStats* stats) const {
    const auto number = numbers_.find(&plan);
    if (stats == nullptr || number == numbers_.end() || number->second >= stats->size() + base_) return nullptr;
    if (number->second < base_) return nullptr;
    const OperatorStats& own = (*stats)[number->second - base_];
    return own.started ? &own : nullptr;
  }

  static std::string Millis(int64_t nanos) {
    char text[32];
    std::snprintf(text, sizeof(text), "%.3f", static_cast<double>(nanos) / 1e6);
    return text;
  }

  std::string Actual(const PlanNode& plan, const PlanStats* stats) const {
    if (stats == nullptr) return "";
    const OperatorStats* own = StatsOf(plan, stats);
    if (own == nullptr) return InFragment(plan) ? "" : " (never executed)";
    return StrCat(" (actual ", options_.timing ? StrCat("time=", Millis(own->nanos), " ") : "", "rows=", own->rows, ")");
  }
  bool InFragment(const PlanNode& plan) const { return base_ == 0 && FragmentScan(plan) != nullptr; }

  /// The fragment once a node, with that node's numbers; false when nothing is known of nodes.
  bool PrintFragments(const GatherNode& gather, int depth, std::vector<std::string>* lines) const {
    if (!options_.fragments) return false;
    const std::vector<FragmentNote> notes = options_.fragments(gather);
    const std::string margin(static_cast<size_t>(depth) * 6 + 2, ' ');
    for (const FragmentNote& note : notes) {
      lines->push_back(StrCat(margin, "Data node: ", note.node_name));
      // Names are for VERBOSE: there may be thousands.
      std::string chunks = std::to_string(note.chunks.size());
      if (options_.verbose) chunks = absl::StrJoin(note.chunks, ", ", [](std::string* out, const ChunkPtr& chunk) { *out += chunk->name; });
      if (!note.chunks.empty()) lines->push_back(StrCat(margin, "Chunks: ", chunks));
      if (note.chunks_excluded > 0) lines->push_back(StrCat(margin, "Chunks excluded: ", note.chunks_excluded));
      if (note.actual.has_value()) {
        const FragmentNote::Actual& actual = *note.actual;
        lines->push_back(StrCat(margin, "Sent: ", actual.rows_sent, " rows, ", actual.bytes_sent, " bytes"));
        lines->push_back(StrCat(margin, "Scanned: ", actual.rows_read, " rows, ", actual.blocks_read, " blocks (", actual.bytes_read, " bytes), ",
                                actual.blocks_summarised, " summarised, ", actual.blocks_skipped, " skipped"));
        if (options_.timing) lines->push_back(StrCat(margin, "Time: ", Millis(actual.micros * 1000), " ms"));
      }
      if (note.ended_early) lines->push_back(StrCat(margin, "Ended early: no more rows were wanted"));
      if (note.stats == nullptr) continue;
      PlanPrinter fragment = *this;
      fragment.base_ = numbers_.at(gather.children[0].get());
      fragment.Print(*gather.children[0], depth + 1, note.stats, lines);
    }
    const FragmentNote* slowest = Slowest(notes);
    if (options_.timing && slowest != nullptr) {
      lines->push_back(StrCat(margin, "Slowest node: ", slowest->node_name, ", ", Millis(slowest->actual->micros * 1000), " ms"));
    }
    return HasStats(notes);
  }
  /// Null unless there are several to choose from.
  static const FragmentNote* Slowest(const std::vector<FragmentNote>& notes) {
    const FragmentNote* slowest = nullptr;
    for (const FragmentNote& note : notes) {
      if (!note.actual.has_value()) return nullptr;
      if (slowest == nullptr || note.actual->micros > slowest->actual->micros) slowest = &note;
    }
    return notes.size() > 1 ? slowest : nullptr;
  }
  static bool HasStats(const std::vector<FragmentNote>& notes) {
    for (const FragmentNote& note : notes) {
      if (note.stats != nullptr) return true;
    }
    return false;
  }

  void JsonNotes(const PlanNode& gather, const std::vector<FragmentNote>& notes, int depth, std::string* out) const {
    const std::string pad(static_cast<size_t>(depth) * 2, ' ');
    StrAppend(out, ",\n", pad, "  \"Data Nodes\": [");
    for (size_t i = 0; i < notes.size(); ++i) {
      StrAppend(out, i > 0 ? ", " : "", "{\"Name\": ", Quote(notes[i].node_name), ", \"Chunks\": [");
      for (size_t c = 0; c < notes[i].chunks.size(); ++c) StrAppend(out, c > 0 ? ", " : "", Quote(notes[i].chunks[c]->name));
      StrAppend(out, "], \"Chunks Excluded\": ", notes[i].chunks_excluded);
      if (notes[i].actual.has_value()) {
        const FragmentNote::Actual& actual = *notes[i].actual;
        StrAppend(out, ", \"Rows Sent\": ", actual.rows_sent, ", \"Bytes Sent\": ", actual.bytes_sent, ", \"Rows Scanned\": ", actual.rows_read,
                  ", \"Blocks Read\": ", actual.blocks_read, ", \"Blocks Summarised\": ", actual.blocks_summarised,
                  ", \"Blocks Skipped\": ", actual.blocks_skipped, ", \"Bytes Read\": ", actual.bytes_read);
        if (options_.timing) StrAppend(out, ", \"Time\": ", Millis(actual.micros * 1000));
      }
      if (notes[i].ended_early) StrAppend(out, ", \"Ended Early\": true");
      if (notes[i].stats != nullptr) {
        PlanPrinter fragment = *this;
        fragment.base_ = numbers_.at(gather.children[0].get());
        StrAppend(out, ", \"Plan\": ");
        fragment.Json(*gather.children[0], depth + 1, notes[i].stats, out);
      }
      StrAppend(out, "}");
    }
    StrAppend(out, "]");
    const FragmentNote* slowest = Slowest(notes);
    if (options_.timing && slowest != nullptr) StrAppend(out, ",\n", pad, "  \"Slowest Node\": ", Quote(slowest->node_name));
  }

  static std::string Quote(std::string_view text) {
    std::string quoted = "\"";
    for (char c : text) {
      if (c == '"' || c == '\\') {
        quoted += '\\';
        quoted += c;
      } else if (static_cast<unsigned char>(c) < 0x20) {
        char escape[8];
        std::snprintf(escape, sizeof(escape), "\\u%04x", static_cast<unsigned char>(c));
        quoted += escape;
      } else {
        quoted += c;
      }
    }
    return quoted + "\"";
  }

  const ExplainOptions& options_;
  std::map<int, std::string> names_;
  std::map<const PlanNode*, size_t> numbers_;
  size_t base_ = 0;  // of the fragment whose stats are printed
};

}  // namespace

void OperatorStats::Encode(ByteWriter& writer) const {
  writer.PutVarint(rows);
  writer.PutVarint(batches);
  writer.PutI64(nanos);
  writer.PutBool(started);
  writer.PutVarint(counters.size());
  for (const auto& [name, value] : counters) {
    writer.PutString(name);
    writer.PutVarint(value);
  }
}

OperatorStats OperatorStats::Decode(ByteReader& reader) {
  OperatorStats stats;
  stats.rows = reader.GetVarint();
  stats.batches = reader.GetVarint();
  stats.nanos = reader.GetI64();
  stats.started = reader.GetBool();
  const uint64_t count = reader.GetCount(2);
  for (uint64_t i = 0; i < count && reader.ok(); ++i) {
    std::string name(reader.GetString());
    stats.counters.emplace_back(std::move(name), reader.GetVarint());
  }
  return stats;
}

std::vector<const PlanNode*> NumberPlan(const PlanNode& plan) {
  std::vector<const PlanNode*> nodes;
  Number(plan, &nodes);
  return nodes;
}

std::vector<std::string> PrintPlan(const PlanNode& plan, const ExplainOptions& options) {
  std::vector<std::string> lines;
  PlanPrinter(plan, options).Print(plan, 0, options.stats, &lines);
  return lines;
}

std::string PrintPlanJson(const PlanNode& plan, const ExplainOptions& options) {
  std::string out = "[{\"Plan\": ";
  PlanPrinter(plan, options).Json(plan, 0, options.stats, &out);
  return out + "}]";
}

}  // namespace tsd::sql
