// Chance for the acceptance of worse solutions.
#pragma once

#include <bit>
#include <cstdint>

#include "base.hpp"
#include "search/random.hpp"

namespace headway::search {

// A random number, exponentially distributed with mean 1, in 1024ths: a loss is accepted at a
// temperature if it is at most their product (Metropolis). The logarithm is taken by integers
// alone, from the position of the first digit and a straight line between powers of two, so that
// it is the same on every machine.
inline Int exponential(Random& random) {
    const std::uint64_t u = random.next() | 1U;
    const int zeros = std::countl_zero(u);
    const auto mantissa = static_cast<Int>((u << zeros) >> 53) - 1024;  // 0 to 1023
    return ((Int{zeros} + 1) * 1024 - mantissa) * 710 / 1024;           // 710 / 1024 = ln 2
}

}  // namespace headway::search
