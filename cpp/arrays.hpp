// Numpy arrays on their way in and out.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <utility>
#include <vector>

#include "base.hpp"

namespace headway {

namespace nb = nanobind;

template <class T>
using InArray = nb::ndarray<const T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using OutArray = nb::ndarray<nb::numpy, Int, nb::ndim<1>>;

template <class T>
std::span<const T> view(const InArray<T>& array) {
    return {array.data(), array.size()};
}

// Hands the values over to numpy, which frees them when done.
inline OutArray to_numpy(std::vector<Int>&& values) {
    auto* kept = new std::vector<Int>(std::move(values));
    nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<Int>*>(p); });
    return OutArray(kept->data(), {kept->size()}, owner);
}

// Hands a copy of a column of any integers over.
template <class Column>
OutArray copied(const Column& column) {
    return to_numpy(std::vector<Int>(column.begin(), column.end()));
}

}  // namespace headway
