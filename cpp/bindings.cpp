// headway._core: the algorithms of cpp/ for numpy arrays. One entry per function, conversions only.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>

#include <optional>
#include <utility>
#include <vector>

#include "solve/paths.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using headway::Int;
using InArray = nb::ndarray<const Int, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using OutArray = nb::ndarray<nb::numpy, Int, nb::ndim<1>>;

headway::Ints view(const InArray& array) { return {array.data(), array.size()}; }

// Hands the values over to numpy, which frees them when done.
OutArray array(std::vector<Int>&& values) {
    auto* kept = new std::vector<Int>(std::move(values));
    nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<Int>*>(p); });
    return OutArray(kept->data(), {kept->size()}, owner);
}

}  // namespace

NB_MODULE(_core, m) {
    m.doc() = "Native core of Headway: hot loops over flat arrays.";

    m.def(
        "longest_paths",
        [](InArray source, InArray target, InArray length, InArray floor) -> std::optional<OutArray> {
            std::optional<std::vector<Int>> values;
            {
                nb::gil_scoped_release unlocked;
                values = headway::longest_paths({view(source), view(target), view(length)},
                                                view(floor));
            }
            if (!values) {
                return std::nullopt;
            }
            return array(std::move(*values));
        },
        "source"_a, "target"_a, "length"_a, "floor"_a,
        "Smallest values above floor with value[target] >= value[source] + length, or None.");
}
