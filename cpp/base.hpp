// The words that all of the core shares.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace headway {

using Int = std::int64_t;
using Ints = std::span<const Int>;
using Flags = std::span<const bool>;
using Reals = std::span<const double>;

inline constexpr Int FOREVER = Int{1} << 60;  // no limit; also: no such instant
inline constexpr Int ABSENT = -1;             // none

// Row i of a ragged column in compressed form.
inline Ints row(Ints ptr, Ints values, Int i) {
    return values.subspan(static_cast<std::size_t>(ptr[i]),
                          static_cast<std::size_t>(ptr[i + 1] - ptr[i]));
}

}  // namespace headway
