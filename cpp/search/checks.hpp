// Checks of the columns that Python hands over.
#pragma once

#include <stdexcept>

#include "base.hpp"

namespace headway::search {

inline void require(bool holds, const char* message) {
    if (!holds) {
        throw std::invalid_argument(message);
    }
}

// Weights must not be negative, and together so small that no sum over jobs overflows.
inline void require_weights(Ints weights, const char* message) {
    constexpr Int HEAVIEST = Int{1} << 33;
    Int sum = 0;
    for (const Int weight : weights) {
        require(weight >= 0 && weight < HEAVIEST, message);
        sum += weight;
    }
    require(sum < HEAVIEST, message);
}

}  // namespace headway::search
