// Values grouped by position.
#pragma once

#include <cstddef>
#include <numeric>
#include <span>
#include <type_traits>
#include <vector>

#include "base.hpp"

namespace headway {

// The values of i are values[ptr[i]] ... values[ptr[i + 1] - 1].
template <class T>
struct Grouped {
    std::vector<std::size_t> ptr;
    std::vector<T> values;

    std::span<const T> operator[](Int i) const {
        return {values.data() + ptr[static_cast<std::size_t>(i)],
                values.data() + ptr[static_cast<std::size_t>(i) + 1]};
    }
};

// The values value(k), for k from 0 to count - 1, by their positions key(k), which are less than n;
// those of one position stay in order.
template <class Key, class Value>
auto grouped(std::size_t n, std::size_t count, Key&& key, Value&& value) {
    using T = std::decay_t<decltype(value(count))>;
    Grouped<T> out{std::vector<std::size_t>(n + 1), std::vector<T>(count)};
    for (std::size_t k = 0; k < count; ++k) {
        ++out.ptr[static_cast<std::size_t>(key(k)) + 1];
    }
    std::partial_sum(out.ptr.begin(), out.ptr.end(), out.ptr.begin());
    std::vector<std::size_t> next(out.ptr.begin(), out.ptr.end() - 1);
    for (std::size_t k = 0; k < count; ++k) {
        out.values[next[static_cast<std::size_t>(key(k))]++] = value(k);
    }
    return out;
}

}  // namespace headway
