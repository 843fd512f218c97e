#pragma once
// MD5 (RFC 1321), for SQL's md5() only; nothing that needs secrecy uses it. Pure.
#include <string>
#include <string_view>

namespace tsd::sql {

/// 32 lower-case hexadecimal digits.
std::string Md5Hex(std::string_view bytes);

}  // namespace tsd::sql
