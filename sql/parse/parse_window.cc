// OVER (..), WINDOW definitions and frames.
#include "sql/parse/parser_core.h"

namespace tsd::sql::parse {

std::unique_ptr<WindowSpec> Parser::ParseOver() {
  auto spec = std::make_unique<WindowSpec>();
  spec->position = Position();
  if (AtSymbol('(')) {
    ParseWindowBody(spec.get());
  } else {
    spec->reference = TakeColId();
  }
  return spec;
}

void Parser::ParseWindowBody(WindowSpec* spec) {
  ExpectSymbol('(');
  // PARTITION, RANGE, ROWS and GROUPS are names elsewhere, but not here.
  if (AtColId() && !AtAny({K::kPartition, K::kRange, K::kRows, K::kGroups})) spec->base = TakeColId();
  if (Accept(K::kPartition)) {
    Expect(K::kBy);
    spec->partition_by = ParseExprList();
  }
  spec->order_by = ParseOptionalOrderBy();
  if (Accept(K::kRange)) {
    spec->frame = ParseFrame(FrameMode::kRange);
  } else if (Accept(K::kRows)) {
    spec->frame = ParseFrame(FrameMode::kRows);
  } else if (Accept(K::kGroups)) {
    spec->frame = ParseFrame(FrameMode::kGroups);
  }
  ExpectSymbol(')');
}

WindowFrame Parser::ParseFrame(FrameMode mode) {
  using B = FrameBoundKind;
  WindowFrame frame;
  frame.mode = mode;
  const bool between = Accept(K::kBetween);
  const int start_position = Position();
  frame.start = ParseFrameBound();
  const B start = frame.start.bound;
  if (start == B::kUnboundedFollowing) {
    Fail(sqlstate::kWindowingError, "frame start cannot be UNBOUNDED FOLLOWING", start_position);
  }
  if (between) {
    Expect(K::kAnd);
    const int end_position = Position();
    frame.end = ParseFrameBound();
    const B end = frame.end.bound;
    if (end == B::kUnboundedPreceding) {
      Fail(sqlstate::kWindowingError, "frame end cannot be UNBOUNDED PRECEDING", end_position);
    } else if (start == B::kCurrentRow && end == B::kPreceding) {
      Fail(sqlstate::kWindowingError, "frame starting from current row cannot have preceding rows", end_position);
    } else if (start == B::kFollowing && (end == B::kPreceding || end == B::kCurrentRow)) {
      Fail(sqlstate::kWindowingError, "frame starting from following row cannot have preceding rows", end_position);
    }
  } else if (start == B::kFollowing) {
    Fail(sqlstate::kWindowingError, "frame starting from following row cannot end with current row", start_position);
  }
  if (Accept(K::kExclude)) {
    if (Accept(K::kCurrent)) {
      Expect(K::kRow);
      frame.exclusion = FrameExclusion::kCurrentRow;
    } else if (Accept(K::kGroup)) {
      frame.exclusion = FrameExclusion::kGroup;
    } else if (Accept(K::kTies)) {
      frame.exclusion = FrameExclusion::kTies;
    } else {
      Expect(K::kNo, K::kOthers);
    }
  }
  return frame;
}

FrameBound Parser::ParseFrameBound() {
  FrameBound bound;
  if (At(K::kUnbounded) && AtAny({K::kPreceding, K::kFollowing}, 1)) {
    Advance();
    bound.bound = At(K::kPreceding) ? FrameBoundKind::kUnboundedPreceding : FrameBoundKind::kUnboundedFollowing;
    Advance();
    return bound;
  }
  if (Accept(K::kCurrent, K::kRow)) return bound;
  bound.offset = ParseExpr();
  bound.bound = At(K::kPreceding) ? FrameBoundKind::kPreceding : FrameBoundKind::kFollowing;
  if (!Accept(K::kPreceding)) Expect(K::kFollowing);
  return bound;
}

std::vector<WindowSpec> Parser::ParseWindowClause() {
  std::vector<WindowSpec> windows;
  if (!Accept(K::kWindow)) return windows;
  do {
    WindowSpec spec;
    spec.position = Position();
    spec.name = TakeColId();
    Expect(K::kAs);
    ParseWindowBody(&spec);
    windows.push_back(std::move(spec));
  } while (AcceptSymbol(','));
  return windows;
}

}  // namespace tsd::sql::parse
