// Chance for sampled schedules, the same on every machine.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

#include "search/random.hpp"

namespace headway::simulate::dispatch {

// The natural logarithm of a positive normal number, within a few units in the last place. Only
// additions, multiplications and divisions are used, in a fixed order, which IEEE 754 rounds alike
// everywhere; the logarithm of the standard library is not the same on all platforms.
inline double logarithm(double x) {
    const auto bits = std::bit_cast<std::uint64_t>(x);
    auto exponent = static_cast<int>(bits >> 52) - 1023;
    auto mantissa = std::bit_cast<double>((bits & 0xfffffffffffffU) | 0x3ff0000000000000U);
    if (mantissa > 1.4142135623730951) {
        mantissa /= 2;
        ++exponent;
    }
    const double t = (mantissa - 1) / (mantissa + 1), square = t * t;  // ln m = 2 artanh t
    double sum = 0;
    for (int k = 23; k > 0; k -= 2) {
        sum = sum * square + 1.0 / k;
    }
    return exponent * 0.6931471805599453 + 2 * t * sum;
}

// Draws from the standard Gumbel distribution, rounded to 4096 equally likely values: the largest
// of scores with such noise is a draw from their softmax.
class Gumbel {
public:
    static constexpr std::size_t SIZE = 4096;

    Gumbel() {
        for (std::size_t i = 0; i < SIZE; ++i) {
            const double u = (static_cast<double>(i) + 0.5) / static_cast<double>(SIZE);
            table_[i] = -logarithm(-logarithm(u));
        }
    }

    double operator()(std::uint64_t bits) const { return table_[bits >> 52]; }

    static const Gumbel& standard() {
        static const Gumbel gumbel;
        return gumbel;
    }

private:
    std::array<double, SIZE> table_{};
};

// A number from -1 to 1, exclusive.
inline double symmetric(std::uint64_t bits) {
    return static_cast<double>(static_cast<std::int64_t>(bits) >> 11) * 0x1p-52;
}

}  // namespace headway::simulate::dispatch
