#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <stdexcept>

#include "serving/binding.hpp"
#include "serving/step_time_terms.hpp"

namespace headway {
namespace {

using namespace nb::literals;
using namespace serving;
using OutReals = nb::ndarray<nb::numpy, double, nb::ndim<1>>;

// A step time that only Python knows.
class CalledTime final : public StepTime {
public:
    explicit CalledTime(nb::callable seconds) : seconds_(std::move(seconds)) {}
    ~CalledTime() override {
        const nb::gil_scoped_acquire locked;
        seconds_.reset();
    }
    CalledTime(const CalledTime&) = delete;
    CalledTime& operator=(const CalledTime&) = delete;

    double seconds(const Shape& s) const override {
        const nb::gil_scoped_acquire locked;
        return nb::cast<double>(seconds_(
            s.prefill_tokens, s.prefills, s.prefill_context, s.prefill_pairs, s.decodes,
            s.decode_context, s.decode_longest, s.sequences, s.extra_tokens, s.extra_pairs));
    }

private:
    nb::callable seconds_;
};

// Durations of many steps, their shapes given as rows of fields.
OutReals durations(const StepTime& time, InArray<double> rows) {
    const Reals values = view(rows);
    if (values.size() % SHAPE_FIELDS != 0) {
        throw std::invalid_argument("step time: rows of ten fields are expected");
    }
    const std::size_t n = values.size() / SHAPE_FIELDS;
    auto* kept = new std::vector<double>(n);
    nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<double>*>(p); });
    {
        const nb::gil_scoped_release unlocked;
        for (std::size_t i = 0; i < n; ++i) {
            (*kept)[i] = time.seconds(shape_of(values.subspan(i * SHAPE_FIELDS, SHAPE_FIELDS)));
        }
    }
    return OutReals(kept->data(), {n}, owner);
}

}  // namespace

void bind_step_time(nb::module_& module) {
    using Owned = std::shared_ptr<StepTime>;

    nb::class_<StepTime>(module, "StepTime", "How long one forward pass of a batch takes.")
        .def("seconds", &durations, "shapes"_a,
             "Durations of steps whose shapes are rows of ten fields.");

    module.def(
        "affine_time",
        [](double constant, InArray<double> weights) -> Owned {
            return std::make_shared<AffineTime>(constant, view(weights));
        },
        "constant"_a, "weights"_a, "An affine function of the fields of a shape.");
    module.def(
        "curve_time",
        [](InArray<double> weights, InArray<double> points, InArray<double> seconds) -> Owned {
            return std::make_shared<CurveTime>(view(weights), view(points), view(seconds));
        },
        "weights"_a, "points"_a, "seconds"_a,
        "A piecewise linear curve of a weighted sum of the fields of a shape.");
    module.def(
        "attention_time",
        [](InArray<double> chunk, InArray<double> context, InArray<double> decodes,
           InArray<double> decode_context, InArray<double> seconds, double skew) -> Owned {
            return std::make_shared<AttentionTime>(view(chunk), view(context), view(decodes),
                                                   view(decode_context), view(seconds), skew);
        },
        "chunk"_a, "context"_a, "decodes"_a, "decode_context"_a, "seconds"_a, "skew"_a,
        "Attention measured on a grid, the last axis fastest.");
    module.def(
        "roofline_time",
        [](InArray<double> compute, InArray<double> memory, InArray<double> latency,
           InArray<double> per_sequence, InArray<double> repeats, double experts,
           double chosen) -> Owned {
            return std::make_shared<RooflineTime>(view(compute), view(memory), view(latency),
                                                  view(per_sequence), view(repeats), experts,
                                                  chosen);
        },
        "compute"_a, "memory"_a, "latency"_a, "per_sequence"_a, "repeats"_a, "experts"_a,
        "chosen"_a, "Operators, each as slow as its compute or its memory.");
    module.def(
        "padded_time",
        [](Owned inner, InArray<double> sizes, double graph, double eager) -> Owned {
            return std::make_shared<PaddedTime>(std::move(inner), view(sizes), graph, eager);
        },
        "inner"_a, "sizes"_a, "graph"_a, "eager"_a,
        "Small batches padded to the next captured number of tokens.");
    module.def(
        "sum_time",
        [](const std::vector<Owned>& parts) -> Owned {
            return std::make_shared<SumTime>(std::vector<Time>(parts.begin(), parts.end()));
        },
        "parts"_a, "One after another.");
    module.def(
        "called_time",
        [](nb::callable seconds) -> Owned { return std::make_shared<CalledTime>(seconds); },
        "seconds"_a, "A Python function of the ten fields of a shape.");
}

}  // namespace headway
