// Expressions as EXPLAIN shows them.
#include <cctype>

#include "engine/base/strings.h"
#include "engine/types/text_form.h"
#include "sql/plan/explain.h"

namespace tsd::sql {
namespace {

class ExprPrinter {
 public:
  explicit ExprPrinter(const std::function<std::string(int)>& column_name) : column_name_(column_name) {}

  std::string Print(const Expr& expr) const {
    switch (expr.kind) {
      case ExprKind::kConstant: return Constant(expr);
      case ExprKind::kColumn: return column_name_(expr.column);
      case ExprKind::kOuterColumn: return column_name_(expr.column);
      case ExprKind::kParameter: return StrCat("$", expr.column);
      case ExprKind::kFunction: return Call(expr);
      case ExprKind::kAnd: return Joined(expr, " AND ");
      case ExprKind::kOr: return Joined(expr, " OR ");
      case ExprKind::kNot: return StrCat("(NOT ", Print(*expr.arguments[0]), ")");
      case ExprKind::kIsNull: return StrCat("(", Print(*expr.arguments[0]), " IS NULL)");
      case ExprKind::kIsNotNull: return StrCat("(", Print(*expr.arguments[0]), " IS NOT NULL)");
      case ExprKind::kCase: return Case(expr);
      case ExprKind::kCoalesce: return StrCat("COALESCE(", List(expr, 0), ")");
      case ExprKind::kInList: return StrCat("(", Print(*expr.arguments[0]), " IN (", List(expr, 1), "))");
      case ExprKind::kArray: return StrCat("ARRAY[", List(expr, 0), "]");
      case ExprKind::kRow: return StrCat("ROW(", List(expr, 0), ")");
      case ExprKind::kSubquery: return StrCat("(SubPlan ", expr.column, ")");
    }
    return "?";
  }

 private:
  static std::string Constant(const Expr& expr) {
    if (expr.value.IsNull()) return StrCat("NULL::", TypeName(expr.type));
    if (expr.type.Is(TypeId::kBool)) return expr.value.AsBool() ? "true" : "false";
    std::string text;
    FormatText(*expr.value.ToConstant(1), 0, TextContext(), text);
    if (expr.type.Is(TypeId::kInt32) || (expr.type.Is(TypeId::kNumeric) && std::isdigit(static_cast<unsigned char>(text[0])))) return text;
    std::string quoted = "'";
    for (char c : text) quoted += c == '\'' ? "''" : std::string(1, c);
    return StrCat(quoted, "'::", TypeName(expr.type));
  }

  std::string List(const Expr& expr, size_t first) const {
    std::string text;
    for (size_t i = first; i < expr.arguments.size(); ++i) text += (i > first ? ", " : "") + Print(*expr.arguments[i]);
    return text;
  }

  std::string Joined(const Expr& expr, const char* word) const {
    std::string text = "(";
    for (size_t i = 0; i < expr.arguments.size(); ++i) text += (i > 0 ? word : "") + Print(*expr.arguments[i]);
    return text + ")";
  }

  std::string Case(const Expr& expr) const {
    std::string text = "CASE";
    for (size_t i = 0; i + 1 < expr.arguments.size(); i += 2) {
      StrAppend(&text, " WHEN ", Print(*expr.arguments[i]), " THEN ", Print(*expr.arguments[i + 1]));
    }
    return StrCat(text, " ELSE ", Print(*expr.arguments.back()), " END");
  }

  std::string Call(const Expr& expr) const {
    if (expr.function.rfind("cast.", 0) == 0 && expr.arguments.size() == 1) {
      return StrCat("(", Print(*expr.arguments[0]), ")::", TypeName(expr.type));
    }
    const size_t open = expr.function.find('(');
    const std::string name = expr.function.substr(0, open);
    const bool is_operator = !name.empty() && std::string_view("+-*/<>=~!@#%^&|`?").find(name[0]) != std::string_view::npos;
    if (is_operator && expr.arguments.size() == 2) {
      return StrCat("(", Print(*expr.arguments[0]), " ", name, " ", Print(*expr.arguments[1]), ")");
    }
    if (is_operator && expr.arguments.size() == 1) return StrCat("(", name, " ", Print(*expr.arguments[0]), ")");
    if ((name.rfind("any ", 0) == 0 || name.rfind("all ", 0) == 0) && expr.arguments.size() == 2) {
      return StrCat("(", Print(*expr.arguments[0]), " ", name.substr(4), name[1] == 'n' ? " ANY (" : " ALL (", Print(*expr.arguments[1]), "))");
    }
    if (name == "is distinct from" && expr.arguments.size() == 2) {
      return StrCat("(", Print(*expr.arguments[0]), " IS DISTINCT FROM ", Print(*expr.arguments[1]), ")");
    }
    return StrCat(name, "(", List(expr, 0), ")");
  }

  const std::function<std::string(int)>& column_name_;
};

}  // namespace

std::string PrintPlanExpr(const Expr& expr, const std::function<std::string(int)>& column_name) {
  return ExprPrinter(column_name).Print(expr);
}

}  // namespace tsd::sql
