// Columns of numbers on their way to numpy.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <utility>
#include <vector>

#include "serving/engine/engine.hpp"

namespace headway {

template <class T>
nanobind::object moved(std::vector<T>&& values) {
    auto* kept = new std::vector<T>(std::move(values));
    nanobind::capsule owner(kept,
                            [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
    return nanobind::cast(nanobind::ndarray<nanobind::numpy, T, nanobind::ndim<1>>(
        kept->data(), {kept->size()}, owner));
}

inline nanobind::dict columns_of(serving::Ended&& ended) {
    nanobind::dict columns;
    columns["request"] = moved(std::move(ended.requests));
    columns["generated"] = moved(std::move(ended.generated));
    columns["status"] = moved(std::move(ended.status));
    columns["at_s"] = moved(std::move(ended.at_s));
    return columns;
}

}  // namespace headway
